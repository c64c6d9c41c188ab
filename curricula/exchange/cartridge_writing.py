"""A track as a thin Common Cartridge 1.3: a folder of links to its modules, by LTI.

1EdTech Thin Common Cartridge Profile 1.0 (https://www.imsglobal.org/cc/CCv1p0thin/ims_thinCC_impl-v1p0.html). The links
stand in files rather than in the manifest: Canvas takes both. Moodle's restore takes Common Cartridge 1.0 and 1.1 alone
(backup/converter/imscc11): there, trainers choose content instead (docs/connect-moodle.md).
"""

import io
import zipfile
from urllib.parse import urlsplit
from xml.sax.saxutils import escape  # nosec B406 # writes, reads nothing

from curricula.exchange.cartridge import MANIFEST
from curricula.exchange.model import Given, Note
from curricula.model import Module, Track
from curricula.problems import N_

MEDIA_TYPE, SUFFIX = "application/vnd.ims.imsccv1p3", ".imscc"
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
#: The oldest date that ZIP can say: the same track gives the same bytes.
_LONG_AGO = (1980, 1, 1, 0, 0, 0)


def write_cartridge(track: Track, language: str, base_url: str) -> Given:
    """The cartridge of a track's published modules; ``language`` is one of the track's.

    Each link launches ``<base_url>/lti/launch`` with the custom parameters of ``lms.lti.deep_linking``: ``track`` and
    ``module``. The platform needs the tool connected first: a cartridge carries no key.
    """
    files = {MANIFEST: _manifest(track, language)}
    for module in track.published_modules:
        files[_path(module)] = _link(track, module, language, base_url.rstrip("/"))
    notes = [
        Note(
            N_("The module « %(name)s » is announced: it has no link yet."),
            module.key,
            values={"name": module.title[language]},
        )
        for module in track.modules
        if not module.published
    ]
    return Given(_packed(files), tuple(notes))


def _manifest(track: Track, language: str) -> str:
    title = _said(track.title[language])
    items = "".join(
        f'          <item identifier="I_{module.key}" identifierref="R_{module.key}">\n'
        f"            <title>{_said(module.title[language])}</title>\n"
        "          </item>\n"
        for module in track.published_modules
    )
    resources = "".join(
        f'    <resource identifier="R_{module.key}" type="imsbasiclti_xmlv1p3">\n'
        f'      <file href="{_path(module)}"/>\n'
        "    </resource>\n"
        for module in track.published_modules
    )
    return f"""{_HEAD}<manifest identifier="M_{track.key}" xmlns="http://www.imsglobal.org/xsd/imsccv1p3/imscp_v1p1"
    xmlns:lomimscc="http://ltsc.ieee.org/xsd/imsccv1p3/LOM/manifest">
  <metadata>
    <schema>IMS Thin Common Cartridge</schema>
    <schemaversion>1.3.0</schemaversion>
    <lomimscc:lom>
      <lomimscc:general>
        <lomimscc:title>
          <lomimscc:string language="{language}">{title}</lomimscc:string>
        </lomimscc:title>
      </lomimscc:general>
    </lomimscc:lom>
  </metadata>
  <organizations>
    <organization identifier="O_{track.key}" structure="rooted-hierarchy">
      <item identifier="root">
        <item identifier="F_{track.key}">
          <title>{title}</title>
{items}        </item>
      </item>
    </organization>
  </organizations>
  <resources>
{resources}  </resources>
</manifest>
"""


def _link(track: Track, module: Module, language: str, base_url: str) -> str:
    """A link, its elements in the order that the schema wants."""
    address = escape(f"{base_url}/lti/launch")
    name = "secure_launch_url" if base_url.lower().startswith("https://") else "launch_url"
    return f"""{_HEAD}<cartridge_basiclti_link xmlns="http://www.imsglobal.org/xsd/imslticc_v1p3"
    xmlns:blti="http://www.imsglobal.org/xsd/imsbasiclti_v1p0"
    xmlns:lticm="http://www.imsglobal.org/xsd/imslticm_v1p0"
    xmlns:lticp="http://www.imsglobal.org/xsd/imslticp_v1p0">
  <blti:title>{_said(module.title[language])}</blti:title>
  <blti:description>{_said(module.summary[language])}</blti:description>
  <blti:custom>
    <lticm:property name="track">{track.key}</lticm:property>
    <lticm:property name="module">{module.key}</lticm:property>
  </blti:custom>
  <blti:{name}>{address}</blti:{name}>
  <blti:vendor>
    <lticp:code>{escape(urlsplit(base_url).hostname or "")}</lticp:code>
    <lticp:name>Manager Public IA</lticp:name>
  </blti:vendor>
</cartridge_basiclti_link>
"""


def _path(module: Module) -> str:
    return f"{module.key}/link.xml"


def _said(text: str) -> str:
    """A text on one line, without what XML cannot hold."""
    return escape(" ".join("".join(sign if sign.isprintable() else " " for sign in text).split()))


def _packed(files: dict[str, str]) -> bytes:
    """An archive of files in their order. They are not compressed: compression differs between machines."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for name, said in files.items():
            entry = zipfile.ZipInfo(name, _LONG_AGO)
            entry.create_system, entry.external_attr = 3, 0o644 << 16
            archive.writestr(entry, said.encode())
    return packed.getvalue()
