"""Names the standards fix: claims, scopes, roles and media types (LTI 1.3 Core, AGS 2.0, NRPS 2.0)."""

from typing import Final

CLAIM: Final = "https://purl.imsglobal.org/spec/lti/claim/"
AGS_CLAIM: Final = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
NRPS_CLAIM: Final = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"
DEEP_LINKING_SPEC: Final = "https://purl.imsglobal.org/spec/lti-dl/claim/"
DEEP_LINKING_CLAIM: Final = DEEP_LINKING_SPEC + "deep_linking_settings"
GROUPS_CLAIM: Final = "https://purl.imsglobal.org/spec/lti-gs/claim/groupsservice"

MEMBERSHIP: Final = "http://purl.imsglobal.org/vocab/lis/v2/membership#"
LEARNER: Final = MEMBERSHIP + "Learner"
INSTRUCTOR: Final = MEMBERSHIP + "Instructor"
MANAGER: Final = MEMBERSHIP + "Manager"
INSTITUTION_ADMINISTRATOR: Final = "http://purl.imsglobal.org/vocab/lis/v2/institution/person#Administrator"

_AGS_SCOPE: Final = "https://purl.imsglobal.org/spec/lti-ags/scope/"
LINE_ITEM_SCOPE: Final = _AGS_SCOPE + "lineitem"
LINE_ITEM_READ_SCOPE: Final = _AGS_SCOPE + "lineitem.readonly"
RESULT_SCOPE: Final = _AGS_SCOPE + "result.readonly"
SCORE_SCOPE: Final = _AGS_SCOPE + "score"
NRPS_SCOPE: Final = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
GROUPS_SCOPE: Final = "https://purl.imsglobal.org/spec/lti-gs/scope/contextgroup.readonly"
NOTICES_SCOPE: Final = "https://purl.imsglobal.org/spec/lti/scope/noticehandlers"
AGS_SCOPES: Final = (LINE_ITEM_SCOPE, LINE_ITEM_READ_SCOPE, RESULT_SCOPE, SCORE_SCOPE)
SCOPES: Final = (*AGS_SCOPES, NRPS_SCOPE)

LINE_ITEM_MEDIA: Final = "application/vnd.ims.lis.v2.lineitem+json"
LINE_ITEMS_MEDIA: Final = "application/vnd.ims.lis.v2.lineitemcontainer+json"
RESULTS_MEDIA: Final = "application/vnd.ims.lis.v2.resultcontainer+json"
SCORE_MEDIA: Final = "application/vnd.ims.lis.v1.score+json"
MEMBERS_MEDIA: Final = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"
GROUPS_MEDIA: Final = "application/vnd.ims.lti-gs.v1.contextgroupcontainer+json"
GROUP_SETS_MEDIA: Final = "application/vnd.ims.lti-gs.v1.contextgroupsetcontainer+json"

ACTIVITY_PROGRESS: Final = frozenset({"Initialized", "Started", "InProgress", "Submitted", "Completed"})
GRADING_PROGRESS: Final = frozenset({"FullyGraded", "Pending", "PendingManual", "Failed", "NotReady"})

HELLO_NOTICE: Final = "LtiHelloWorldNotice"
COPY_NOTICE: Final = "LtiContextCopyNotice"
NOTICE_TYPES: Final = (HELLO_NOTICE, COPY_NOTICE)

JWT_BEARER: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
