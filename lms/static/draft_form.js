// A form of the studio (form[data-draft-form=KEY]): what is typed outlives a crash. It works without, by its button.

import { keepTyped } from "./page.js";

const form = document.querySelector("form[data-draft-form]");
keepTyped(form, form.dataset.draftForm);
