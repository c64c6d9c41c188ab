"""Sending someone to a tool: the page that starts its login in a frame, or in a new tab on demand."""

from dataclasses import replace

from flask import render_template

from lms.devlms.campus import campus
from lms.devlms.launches import Launch


def open_tool(launch: Launch, title: str, back: str, back_title: str) -> str:
    """The page, which begins the launch twice: the tool's answer depends on where it opens."""
    here, tool = campus(), launch.tool

    def initiation(document_target: str) -> dict[str, str]:
        """Third-party initiated login (LTI Security Framework, section 5.1.1.1)."""
        storage = here.quirks.platform_storage
        # A window of its own has nobody around it to keep values.
        target = {"lti_storage_target": storage} if storage and document_target == "iframe" else {}
        return {
            "iss": here.settings.issuer,
            "login_hint": launch.person.id,
            "target_link_uri": launch.target or tool.target(launch.message_type),
            "lti_message_hint": here.launches.begin(replace(launch, document_target=document_target)),
            "client_id": tool.client_id,
            "lti_deployment_id": tool.deployment_id,
            **target,
        }

    return render_template(
        "devlms/activity.html",
        title=title,
        back=back,
        back_title=back_title,
        tool=tool,
        storage=here.quirks.platform_storage,
        framed=initiation("iframe"),
        windowed=initiation("window"),
    )
