"""What a lesson is built of, and what differs between its languages."""

from dataclasses import replace
from datetime import date
from pathlib import Path

from curricula.load import load_track
from curricula.quality import findings
from curricula.structure import differences, shape
from tests.curricula.samples import write_track

TEXT = """\
## One

::: situation
See [the act](https://example.org) and ![a figure](files/a.png).
:::

| a | b |
|---|---|
| 1 | 2 |

```
## no heading
::: case
```
"""


def test_headings_blocks_tables_figures_and_links_are_counted() -> None:
    assert shape(TEXT) == {"headings": 1, "blocks": 1, "tables": 1, "figures": 1, "links": 1}


def test_what_has_the_same_structure_differs_in_nothing() -> None:
    assert differences(TEXT, TEXT.replace("One", "Un").replace("See", "Voir")) == []
    assert differences(TEXT + "\n## Two\n", TEXT) == [
        ("The structure differs: %(count)s headings here, %(other)s in French.", 2, 1)
    ]


def test_the_authors_are_told(tmp_path: Path) -> None:
    track = load_track(write_track(tmp_path))
    module = track.modules[0]
    lesson = module.lessons[0]
    english = replace(lesson.texts["en"], body=lesson.texts["en"].body + "\n## More\n\n### Still more\n")
    longer = replace(lesson, texts={**lesson.texts, "en": english})
    told = replace(track, modules=(replace(module, lessons=(longer,)), *track.modules[1:]))
    new = set(map(str, findings(told, date(2026, 11, 26)))) - set(map(str, findings(track, date(2026, 11, 26))))
    assert "m1 / lesson / first / en: The structure differs: 3 headings here, 1 in French." in new
    assert all(each.weight == "advice" for each in findings(told, date(2026, 11, 26)) if "structure" in each.message)
