"""Small QTI files of our own, with the shape of the public samples of 1EdTech and of what Canvas exports."""

import io
import zipfile

XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'

SINGLE_3 = f"""<?xml version="1.0" encoding="UTF-8"?>
<qti-assessment-item {XSI}
 xsi:schemaLocation="http://www.imsglobal.org/xsd/imsqtiasi_v3p0
 https://purl.imsglobal.org/spec/qti/v3p0/schema/xsd/imsqti_asiv3p0p1_v1p0.xsd"
 xmlns="http://www.imsglobal.org/xsd/imsqtiasi_v3p0" identifier="Mail-01" title="Sorting the mail"
 adaptive="false" time-dependent="false" xml:lang="en-GB">
  <qti-response-declaration identifier="RESPONSE" cardinality="single" base-type="identifier">
    <!-- the right one -->
    <qti-correct-response>
      <qti-value>ChoiceB</qti-value>
    </qti-correct-response>
  </qti-response-declaration>
  <qti-outcome-declaration identifier="FEEDBACK" cardinality="single" base-type="identifier"/>
  <qti-outcome-declaration identifier="SCORE" cardinality="single" base-type="float" normal-maximum="10.0">
    <qti-default-value><qti-value>0</qti-value></qti-default-value>
  </qti-outcome-declaration>
  <qti-item-body>
    <p>A prefecture <strong>sums up</strong> its mail
       with a model.</p>
    <qti-choice-interaction response-identifier="RESPONSE" shuffle="false" max-choices="1">
      <qti-prompt>What is it under the AI act?</qti-prompt>
      <qti-simple-choice identifier="ChoiceA" fixed="true">High risk
        <qti-feedback-inline outcome-identifier="FEEDBACK" identifier="ChoiceA" show-hide="show">
          Annex III is about <em>uses</em>.</qti-feedback-inline>
      </qti-simple-choice>
      <qti-simple-choice identifier="ChoiceB" fixed="true">Not high risk
        <qti-feedback-inline outcome-identifier="FEEDBACK" identifier="ChoiceB" show-hide="show">
          Yes: write why.</qti-feedback-inline>
      </qti-simple-choice>
    </qti-choice-interaction>
  </qti-item-body>
  <qti-response-processing>
    <qti-set-outcome-value identifier="FEEDBACK"><qti-variable identifier="RESPONSE"/></qti-set-outcome-value>
    <qti-response-condition>
      <qti-response-if>
        <qti-match><qti-variable identifier="RESPONSE"/><qti-correct identifier="RESPONSE"/></qti-match>
        <qti-set-outcome-value identifier="SCORE">
          <qti-base-value base-type="float">10</qti-base-value>
        </qti-set-outcome-value>
      </qti-response-if>
    </qti-response-condition>
  </qti-response-processing>
</qti-assessment-item>
"""

#: Two modal feedbacks that rules choose, as in the implementation guide's first example of feedback.
MODAL_3 = """<qti-assessment-item xmlns="http://www.imsglobal.org/xsd/imsqtiasi_v3p0" identifier="modal" title="Modal"
 adaptive="false" time-dependent="false" xml:lang="fr">
  <qti-response-declaration identifier="RESPONSE" cardinality="single" base-type="identifier">
    <qti-correct-response><qti-value>oui</qti-value></qti-correct-response>
  </qti-response-declaration>
  <qti-outcome-declaration identifier="FEEDBACK" cardinality="single" base-type="identifier"/>
  <qti-item-body>
    <qti-choice-interaction response-identifier="RESPONSE" max-choices="1">
      <qti-prompt>Un résumé classe-t-il les personnes ?</qti-prompt>
      <qti-simple-choice identifier="non">Jamais</qti-simple-choice>
      <qti-simple-choice identifier="oui">Parfois</qti-simple-choice>
      <qti-simple-choice identifier="toujours">Toujours</qti-simple-choice>
    </qti-choice-interaction>
  </qti-item-body>
  <qti-response-processing>
    <qti-response-condition>
      <qti-response-if>
        <qti-match><qti-variable identifier="RESPONSE"/><qti-correct identifier="RESPONSE"/></qti-match>
        <qti-set-outcome-value identifier="FEEDBACK">
          <qti-base-value base-type="identifier">juste</qti-base-value>
        </qti-set-outcome-value>
      </qti-response-if>
      <qti-response-else>
        <qti-set-outcome-value identifier="FEEDBACK">
          <qti-base-value base-type="identifier">faux</qti-base-value>
        </qti-set-outcome-value>
      </qti-response-else>
    </qti-response-condition>
  </qti-response-processing>
  <qti-modal-feedback outcome-identifier="FEEDBACK" show-hide="show" identifier="juste">
    <qti-content-body>Oui, selon l’usage.</qti-content-body>
  </qti-modal-feedback>
  <qti-modal-feedback outcome-identifier="FEEDBACK" show-hide="show" identifier="faux">
    <qti-content-body>Relisez l’annexe III.</qti-content-body>
  </qti-modal-feedback>
</qti-assessment-item>
"""


def multiple_2(mapping: str = "", processing: str = "", most: str = "0", attributes: str = "", body: str = "") -> str:
    """An item of QTI 2.1 with two right options of four, its points and rules as given."""
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<imsqti:assessmentItem xmlns:imsqti="http://www.imsglobal.org/xsd/imsqti_v2p1" {XSI}
 xsi:schemaLocation="http://www.imsglobal.org/xsd/imsqti_v2p1 http://www.imsglobal.org/xsd/qti/qtiv2p1/imsqti_v2p1.xsd"
 identifier="personal" title="Personal data" adaptive="false" timeDependent="false" {attributes}>
  <imsqti:responseDeclaration identifier="RESPONSE" cardinality="multiple" baseType="identifier">
    <imsqti:correctResponse>
      <imsqti:value>N</imsqti:value>
      <imsqti:value>P</imsqti:value>
    </imsqti:correctResponse>{mapping.replace("<", "<imsqti:").replace("<imsqti:/", "</imsqti:")}
  </imsqti:responseDeclaration>
  <imsqti:outcomeDeclaration identifier="SCORE" cardinality="single" baseType="float"/>
  <imsqti:itemBody>{body}
    <imsqti:choiceInteraction responseIdentifier="RESPONSE" shuffle="true" maxChoices="{most}">
      <imsqti:prompt>Which are personal data?</imsqti:prompt>
      <imsqti:simpleChoice identifier="N" fixed="false">A name</imsqti:simpleChoice>
      <imsqti:simpleChoice identifier="P" fixed="false">A photograph</imsqti:simpleChoice>
      <imsqti:simpleChoice identifier="L" fixed="false">A law</imsqti:simpleChoice>
      <imsqti:simpleChoice identifier="M" fixed="false">A map</imsqti:simpleChoice>
    </imsqti:choiceInteraction>
  </imsqti:itemBody>
  {processing.replace("<", "<imsqti:").replace("<imsqti:/", "</imsqti:")}
</imsqti:assessmentItem>
"""


MAP_RESPONSE = '<responseProcessing template="http://www.imsglobal.org/question/qti_v2p1/rptemplates/map_response"/>'
MATCH_CORRECT = '<responseProcessing template="http://www.imsglobal.org/question/qti_v2p1/rptemplates/match_correct"/>'
OURS = (
    '<mapping lowerBound="0" defaultValue="-1"><mapEntry mapKey="N" mappedValue="1"/>'
    '<mapEntry mapKey="P" mappedValue="1"/></mapping>'
)


def canvas(items: str, section: str = "") -> str:
    """A document of QTI 1.2 as Canvas exports a quiz."""
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<questestinterop xmlns="http://www.imsglobal.org/xsd/ims_qtiasiv1p2" {XSI}
 xsi:schemaLocation="http://www.imsglobal.org/xsd/ims_qtiasiv1p2 http://www.imsglobal.org/xsd/ims_qtiasiv1p2p1.xsd">
  <assessment ident="g1" title="Quiz">
    <qtimetadata>
      <qtimetadatafield><fieldlabel>cc_maxattempts</fieldlabel><fieldentry>1</fieldentry></qtimetadatafield>
    </qtimetadata>
    <section ident="root_section">{section}
{items}
    </section>
  </assessment>
</questestinterop>
"""


def canvas_item(kind: str, presentation: str, rules: str, feedback: str = "", fields: str = "") -> str:
    """One item of such a document; ``kind`` is its ``question_type``."""
    return f"""<item ident="q-{kind}" title="Question">
  <itemmetadata><qtimetadata>
    <qtimetadatafield><fieldlabel>question_type</fieldlabel><fieldentry>{kind}</fieldentry></qtimetadatafield>
    <qtimetadatafield><fieldlabel>points_possible</fieldlabel><fieldentry>1.0</fieldentry></qtimetadatafield>{fields}
  </qtimetadata></itemmetadata>
  <presentation>
    <material><mattext texttype="text/html">&lt;div&gt;&lt;p&gt;Where is &lt;em&gt;it&lt;/em&gt;?&lt;/p&gt;&lt;/div&gt;</mattext></material>
    {presentation}
  </presentation>
  <resprocessing>
    <outcomes><decvar maxvalue="100" minvalue="0" varname="SCORE" vartype="Decimal"/></outcomes>
    {rules}
  </resprocessing>
  {feedback}
</item>"""  # noqa: E501


def canvas_choices(cardinality: str) -> str:
    """Three options, 4051 to 4053."""
    label = (
        '<response_label ident="{0}"><material><mattext texttype="text/plain">{1}</mattext></material></response_label>'
    )
    labels = "".join(
        label.format(4050 + number, text) for number, text in [(1, "Paris"), (2, "Lyon & R"), (3, "Lille")]
    )
    labels = labels.replace("&", "&amp;")
    return (
        f'<response_lid ident="response1" rcardinality="{cardinality}"><render_choice>{labels}</render_choice>'
        "</response_lid>"
    )


def canvas_rule(condition: str, score: str = "", shows: str = "", action: str = "Set") -> str:
    """A ``respcondition``; ``condition`` is options, « !x » for one refused, or « other »."""
    equal = '<varequal respident="response1">{0}</varequal>'
    tests = [
        f"<not>{equal.format(one[1:])}</not>" if one.startswith("!") else equal.format(one) for one in condition.split()
    ]
    inside = "<other/>" if condition == "other" else tests[0] if len(tests) == 1 else f"<and>{''.join(tests)}</and>"
    setting = f'<setvar action="{action}" varname="SCORE">{score}</setvar>' if score else ""
    showing = f'<displayfeedback feedbacktype="Response" linkrefid="{shows}"/>' if shows else ""
    return f'<respcondition continue="No"><conditionvar>{inside}</conditionvar>{setting}{showing}</respcondition>'


def canvas_feedback(name: str, text: str) -> str:
    """An ``itemfeedback``."""
    material = f'<material><mattext texttype="text/html">{text}</mattext></material>'
    return f'<itemfeedback ident="{name}"><flow_mat>{material}</flow_mat></itemfeedback>'


def manifest(resources: str) -> str:
    """The manifest of a package of QTI 3.0."""
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<manifest xmlns="http://www.imsglobal.org/xsd/qti/qtiv3p0/imscp_v1p1" {XSI} identifier="pack"
 xmlns:lom="http://ltsc.ieee.org/xsd/LOM">
  <metadata><schema>QTI Package</schema><schemaversion>3.0.0</schemaversion></metadata>
  <organizations/>
  <resources>{resources}</resources>
</manifest>"""


def resource(href: str, kind: str = "imsqti_item_xmlv3p0", metadata: str = "") -> str:
    """A resource of a manifest."""
    name = href.replace("/", "-")
    return f'<resource identifier="{name}" type="{kind}" href="{href}">{metadata}<file href="{href}"/></resource>'


def package(files: dict[str, str | bytes]) -> bytes:
    """A ZIP archive of those files."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    return packed.getvalue()
