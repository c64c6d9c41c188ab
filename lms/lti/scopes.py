"""The services we use of a platform, by the scope that opens each; every service names its own."""

from lms.lti import grades, groups, lineitems, members, notices

SCORE = grades.SCORE_SCOPE
RESULT = grades.RESULT_SCOPE
LINE_ITEM = lineitems.SCOPE
ROSTER = members.SCOPE
GROUPS = groups.SCOPE
NOTICES = notices.SCOPE

#: Asked for when a platform is connected, the most needed first.
ALL = (SCORE, LINE_ITEM, RESULT, ROSTER, GROUPS, NOTICES)
#: Those a connection is checked for, one by one.
CHECKED = (SCORE, LINE_ITEM, RESULT, ROSTER)
