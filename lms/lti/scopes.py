"""The services we use of a platform, by the scope that opens each."""

LINE_ITEM = "https://purl.imsglobal.org/spec/lti-ags/scope/lineitem"
RESULT = "https://purl.imsglobal.org/spec/lti-ags/scope/result.readonly"
SCORE = "https://purl.imsglobal.org/spec/lti-ags/scope/score"
ROSTER = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
GROUPS = "https://purl.imsglobal.org/spec/lti-gs/scope/contextgroup.readonly"
NOTICES = "https://purl.imsglobal.org/spec/lti/scope/noticehandlers"

#: Asked for when a platform is connected, the most needed first.
ALL = (SCORE, LINE_ITEM, RESULT, ROSTER, GROUPS, NOTICES)
#: Those a connection is checked for, one by one.
CHECKED = (SCORE, LINE_ITEM, RESULT, ROSTER)
