"""Names: kept as written, or refused with a reason that someone can act on."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certificates import fonts
from certificates.names import MAX_LENGTH, NAME_ROOM, NameRefused, fitted_name, holder_name, name_face


@pytest.mark.parametrize(
    "name",
    [
        "Zoé Bérenger",
        "Siân Ŵynn",
        "Ελένη Παπαδοπούλου",
        "Юлия Щербакова",
        "Nguyễn Thị Ánh",
        "Łukasz Żółć",
        "Þórður Guðmundsdóttir",
        "Žiga Đorđević Čučković",
        "Šķēle Ķīsis-Ņūdzis",
        "İbrahim Şahin Ağaoğlu",
        "Gżira Ħal Ġnejna",
        "Ștefan Țăranu",
        "محمد بن عبد الله",
        "فاطمة الزهراء گلستان",
        "Élise דוד בן־גוריון",
        "Ali محمد",
        "N’Diaye O'Neill-d’Arc",
        "<script>alert(1)</script>",
        "<img src=file:///etc/passwd>",
        "María del Carmen de la Santísima Trinidad Fernández de Córdoba y Álvarez de las Asturias",
        ("Rakotomanana " * 13).strip(),
    ],
)
def test_names_are_kept_and_fit(name: str) -> None:
    assert holder_name(name) == name
    fitted = fitted_name(name)
    assert all(fonts.width(line, name_face(name), fitted.size) <= NAME_ROOM for line in fitted.lines)
    assert "".join("".join(fitted.lines).split()) == "".join(name.split())


def test_names_are_composed_and_spaces_tidied() -> None:
    assert holder_name("  Zoe\u0301  Be\u0301renger\u00a0") == "Zoé Bérenger"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "empty"),
        (" \u00a0 ", "empty"),
        ("A\u202eB", "invisible"),
        ("A\u2066B\u2069", "invisible"),
        ("A\u200bB", "invisible"),
        ("A\u200dB", "invisible"),
        ("A\ufeffB", "invisible"),
        ("A\u00adB", "invisible"),
        ("A\u3164B", "invisible"),
        ("A\nB", "control"),
        ("A\x00B", "control"),
        ("A\u2028B", "control"),
        ("A\ue000B", "control"),
        ("a b " * 50, "long"),
        ("W" * 100, "width"),
        ("محمّد", "script"),
        ("דָּוִד", "script"),
        ("محمد Юлия", "script"),
        ("王小明", "script"),
        ("សុខ", "script"),
        ("o\u0323\u0304", "script"),
    ],
)
def test_what_could_not_be_printed_true_is_refused(name: str, reason: str) -> None:
    with pytest.raises(NameRefused) as refused:
        holder_name(name)
    assert refused.value.reason == reason


@pytest.mark.parametrize(
    ("script", "name"),
    [
        ("Khmer", "សុខ ចាន់"), ("Thai", "สมชาย ใจดี"), ("Devanagari", "राम कुमार"), ("Han", "王小明"),
        ("Hangul", "이순신"), ("Kana", "さくら"), ("Georgian", "გიორგი"), ("Armenian", "Արամ"), ("Amharic", "አበበ"),
        ("Tamil", "குமார்"), ("Bengali", "রহিম"), ("Sinhala", "සුනිල්"),
    ],
)  # fmt: skip
def test_other_scripts_ask_for_a_transliteration_and_are_never_blank(script: str, name: str) -> None:
    with pytest.raises(NameRefused) as refused:
        holder_name(name)
    assert refused.value.reason == "script"
    assert refused.value.characters, "which letters is said"
    assert set(refused.value.characters) <= set(name)


@pytest.mark.parametrize(
    ("script", "alphabet"),
    [
        ("French", "ÀÂÆÇÉÈÊËÎÏÔŒÙÛÜŸàâæçéèêëîïôœùûüÿ"),
        ("Nordic", "ÅÄÖØÆÐÞáðíóúýþæöåäøŠŽŋŧđ"),
        ("Baltic", "ĀČĒĢĪĶĻŅŠŪŽąčęėįšųūžÕÄÖÜ"),
        ("Central", "ĄĆĘŁŃÓŚŹŻáčďéěíňóřšťúůýžľĺŕőű"),
        ("Balkan", "ČĆĐŠŽăâîșțşţë"),
        ("Turkish and Maltese", "ĞİŞığçöüĊĠĦŻċġħż"),
        ("Celtic", "ŴŶŵŷẁẂẃḂḃĊċḊḋḞḟĠġṀṁṖṗṠṡṪṫ"),
        ("Iberian", "ÑÁÉÍÓÚÜÇãõñàèòïül·l"),
        ("Vietnamese", "ẠẢẤẦẨẪẬẮẰẲẴẶẸẺẼẾỀỂỄỆỈỊỌỎỐỒỔỖỘỚỜỞỠỢỤỦỨỪỬỮỰỲỴỶỸơưđ"),
        ("Greek", "ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩάέήίόύώϊϋΐΰς"),
        ("Cyrillic", "АБВГДЕЁЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯіїєґўђѓќћџљњјѕ"),
        ("Arabic", "ءآأؤإئابةتثجحخدذرزسشصضطظعغفقكلمنهوىي پچژگ"),
        ("Hebrew", "אבגדהוזחטיךכלםמןנסעףפץצקרשת"),
    ],
)
def test_every_letter_of_a_script_we_print_is_drawn(script: str, alphabet: str) -> None:
    for start in range(0, len(alphabet), 12):
        part = alphabet[start : start + 12]
        assert holder_name(part) == part.strip(), script


def test_every_form_an_arabic_letter_takes_is_drawn() -> None:
    letters = [chr(code) for code in (*range(0x620, 0x64B), *range(0x671, 0x6D4))]
    for letter in letters:
        if unicodedata.category(letter) == "Lo":
            for word in (letter, f"ب{letter}", f"ب{letter}ب", f"{letter}ب", f"ر{letter}"):
                assert holder_name(word) == unicodedata.normalize("NFC", word)


def test_the_undrawn_characters_are_named() -> None:
    with pytest.raises(NameRefused) as refused:
        holder_name("Anna 王")
    assert refused.value.characters == "王"


@given(st.text(max_size=MAX_LENGTH + 20))
def test_any_text_gives_a_drawable_name_or_a_reason(text: str) -> None:
    try:
        name = holder_name(text)
    except NameRefused:
        return
    assert name == unicodedata.normalize("NFC", name)
    assert holder_name(name) == name
    assert not fonts.missing(name, name_face(name))


def test_long_names_shrink_then_wrap_at_spaces_first() -> None:
    assert fitted_name("Zoé Bérenger").size > fitted_name("Maximilienne-Alexandrine de Saint-Hilaire-de-Riez").size
    lines = fitted_name("Marie-Charlotte-Anne de la Rochefoucauld-Montbel d'Aubigné de Saint-Germain").lines
    assert len(lines) == 2
    assert not lines[0].endswith("-")
