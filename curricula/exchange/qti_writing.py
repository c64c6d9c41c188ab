"""Writes choice questions as a package of QTI 3.0: an item each, and a manifest with our tags as LOM keywords.

https://www.imsglobal.org/spec/qti/v3p0/impl (items, response processing, feedback, packaging). The scoring is written
in full. The template ``match_correct`` would score a single choice as we do and never set ``FEEDBACK``: none would be
shown. A multiple choice adds 1 for a right option and takes 1 for a wrong one (``map_response``, never below 0), all
divided by the number of right ones: the exact rule of ``assessments/types/multiple.py``, where 1/3 would be rounded.
"""

import io
import zipfile
from collections.abc import Iterable

from curricula.exchange.labels import tags_of
from curricula.exchange.model import Bank, Given, Note
from curricula.exchange.qti_packages import MANIFEST
from curricula.exchange.qti_text import to_xhtml, xml_text
from curricula.exchange.writable import CHOICE, not_written, other_scoring
from curricula.model import Option, Question
from curricula.problems import N_

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
_XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
_SCHEMAS = "https://purl.imsglobal.org/spec/qti/v3p0/schema/xsd"
_ITEM = "http://www.imsglobal.org/xsd/imsqtiasi_v3p0"
_PACKAGE = "http://www.imsglobal.org/xsd/qti/qtiv3p0/imscp_v1p1"
#: No time of writing: the same questions give the same bytes.
_DATE = (1980, 1, 1, 0, 0, 0)


def write(bank: Bank) -> Given:
    """A package of the bank's choice questions in its language; those it cannot hold are noted."""
    notes, held = list[Note](), list[Question]()
    for question in bank.questions:
        if question.type not in CHOICE:
            notes.append(not_written(question))
        elif not all(
            text.get(bank.language) for text in (question.stem, *(option.text for option in question.options))
        ):
            notes.append(Note(N_("The question is not in this language: it was not written."), question.key))
        else:
            held.append(question)
            notes += other_scoring(question)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        _add(archive, MANIFEST, _manifest(bank, held))
        for question in held:
            _add(archive, _path(question), _item(question, bank.language))
    return Given(packed.getvalue(), tuple(notes))


def _add(archive: zipfile.ZipFile, path: str, content: str) -> None:
    archive.writestr(zipfile.ZipInfo(path, _DATE), content.encode(), zipfile.ZIP_DEFLATED)


def _identifier(key: str) -> str:
    # An identifier of XML begins with a letter or « _ », which reading leaves out of the key.
    return f"_{key}" if key[:1].isdigit() else key


def _path(question: Question) -> str:
    return f"items/{_identifier(question.key)}.xml"


def _manifest(bank: Bank, questions: Iterable[Question]) -> str:
    said = f'<lom:string language="{bank.language}">'
    title = f"<lom:title>{said}{xml_text(bank.title)}</lom:string></lom:title>"
    resources = list[str]()
    for question in questions:
        keywords = "".join(
            f"\n          <lom:keyword>{said}{xml_text(tag)}</lom:string></lom:keyword>" for tag in tags_of(question)
        )
        resources.append(f"""
    <resource identifier="{_identifier(question.key)}" type="imsqti_item_xmlv3p0" href="{_path(question)}">
      <metadata>
        <lom:lom><lom:general>{keywords}
        </lom:general></lom:lom>
      </metadata>
      <file href="{_path(question)}"/>
    </resource>""")
    return f"""{_HEAD}<manifest xmlns="{_PACKAGE}" xmlns:lom="http://ltsc.ieee.org/xsd/LOM" {_XSI}
 xsi:schemaLocation="{_PACKAGE} {_SCHEMAS}/imsqtiv3p0_imscpv1p2_v1p0.xsd"
 identifier="manifest">
  <metadata>
    <schema>QTI Package</schema>
    <schemaversion>3.0.0</schemaversion>
    <lom:lom><lom:general>{title}</lom:general></lom:lom>
  </metadata>
  <organizations/>
  <resources>{"".join(resources)}
  </resources>
</manifest>
"""


def _item(question: Question, language: str) -> str:
    several = question.type == "multiple"
    cardinality, most = ("multiple", 0) if several else ("single", 1)
    right = [option for option in question.options if option.correct]
    values = "".join(f"\n      <qti-value>{_identifier(option.key)}</qti-value>" for option in right)
    return f"""{_HEAD}<qti-assessment-item xmlns="{_ITEM}" {_XSI}
 xsi:schemaLocation="{_ITEM} {_SCHEMAS}/imsqti_asiv3p0_v1p0.xsd"
 identifier="{_identifier(question.key)}" title="{xml_text(question.key)}"
 adaptive="false" time-dependent="false" xml:lang="{language}">
  <qti-response-declaration identifier="RESPONSE" cardinality="{cardinality}" base-type="identifier">
    <qti-correct-response>{values}
    </qti-correct-response>{_mapping(question, len(right)) if several else ""}
  </qti-response-declaration>
  <qti-outcome-declaration identifier="SCORE" cardinality="single" base-type="float" normal-maximum="1">
    <qti-default-value><qti-value>0</qti-value></qti-default-value>
  </qti-outcome-declaration>
  <qti-outcome-declaration identifier="FEEDBACK" cardinality="{cardinality}" base-type="identifier"/>
  <qti-item-body>
    <div>{to_xhtml(question.stem[language])}</div>
    <qti-choice-interaction response-identifier="RESPONSE" shuffle="true" max-choices="{most}">
{"".join(_choice(option, language) for option in question.options)}    </qti-choice-interaction>
  </qti-item-body>
  <qti-response-processing>
    <qti-set-outcome-value identifier="FEEDBACK"><qti-variable identifier="RESPONSE"/></qti-set-outcome-value>
{_MULTIPLE.format(right=len(right)) if several else _SINGLE}  </qti-response-processing>
{"".join(_feedback(option, language) for option in question.options)}</qti-assessment-item>
"""


def _choice(option: Option, language: str) -> str:
    text = to_xhtml(option.text[language])
    return f'      <qti-simple-choice identifier="{_identifier(option.key)}">{text}</qti-simple-choice>\n'


def _mapping(question: Question, right: int) -> str:
    entries = "".join(
        f'\n      <qti-map-entry map-key="{_identifier(option.key)}" mapped-value="{1 if option.correct else -1}"/>'
        for option in question.options
    )
    return f"""
    <qti-mapping lower-bound="0" upper-bound="{right}" default-value="0">{entries}
    </qti-mapping>"""


def _feedback(option: Option, language: str) -> str:
    text = option.feedback.get(language, "")
    if not text:
        return ""
    name = _identifier(option.key)
    return f"""  <qti-modal-feedback outcome-identifier="FEEDBACK" identifier="{name}" show-hide="show">
    <qti-content-body>{to_xhtml(text)}</qti-content-body>
  </qti-modal-feedback>
"""


_SINGLE = """    <qti-response-condition>
      <qti-response-if>
        <qti-match>
          <qti-variable identifier="RESPONSE"/>
          <qti-correct identifier="RESPONSE"/>
        </qti-match>
        <qti-set-outcome-value identifier="SCORE">
          <qti-base-value base-type="float">1</qti-base-value>
        </qti-set-outcome-value>
      </qti-response-if>
      <qti-response-else>
        <qti-set-outcome-value identifier="SCORE">
          <qti-base-value base-type="float">0</qti-base-value>
        </qti-set-outcome-value>
      </qti-response-else>
    </qti-response-condition>
"""
_MULTIPLE = """    <qti-set-outcome-value identifier="SCORE">
      <qti-divide>
        <qti-map-response identifier="RESPONSE"/>
        <qti-base-value base-type="float">{right}</qti-base-value>
      </qti-divide>
    </qti-set-outcome-value>
"""
