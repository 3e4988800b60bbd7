"""Bytes to text: what they prove, what is declared, and a byte that broke on the way."""

import codecs

import pytest

from trendscout.text import charset
from trendscout.text.charset import charset_in, decode

CHINESE = "会唱歌的水壶，月亮灯"
SAMPLES = {
    "windows-1254": "Katlanır ışık ğş", "windows-1255": "מנורת ירח", "windows-1256": "مصباح قابل للطي",
    "koi8-u": "Лампа місяць", "macintosh": "Café lampe é", "windows-1257": "Mėnulio lempa", "ibm866": "Лампа луна",
    "iso-8859-7": "Φωτιστικό φεγγάρι", "windows-31j": "月のランプ", "ks_c_5601-1987": "달 램프", "big5": "月亮燈",
    "gb_2312-80": CHINESE, "x-mac-cyrillic": "Лампа луна", "windows-874": "โคมไฟพระจันทร์",
}  # fmt: skip


@pytest.mark.parametrize(("label", "text"), SAMPLES.items())
def test_a_declared_charset_of_the_standard_is_read(label: str, text: str) -> None:
    data = text.encode(charset._CODECS[label])
    assert decode(data, (label.upper(),)) == text


def test_every_codec_exists() -> None:
    assert all(codecs.lookup(codec) for codec in charset._LABELS)


def test_one_broken_byte_breaks_one_sign() -> None:
    data = bytearray((CHINESE * 20).encode())
    data[100] = 0xFF
    for declared in (("utf-8",), (), (None,), ("gbk",)):
        assert decode(bytes(data), declared).count("\ufffd") <= 3
        assert decode(bytes(data), declared).count("月亮灯") >= 18


OTHERS = {
    "windows-1252": "Lampe à mousse pliée, été ",
    "gbk": CHINESE,
    "shift_jis": "月のランプを買う",
    "euc-kr": "달 램프 접이식 이끼 ",
    "windows-1251": "Лампа луна складная ",
}


@pytest.mark.parametrize("label", OTHERS)
def test_text_of_another_charset_is_not_taken_for_nearly_utf8(label: str) -> None:
    text = OTHERS[label] * 9
    assert decode(text.encode(charset._CODECS[label]), (label,)) == text


def test_where_a_charset_is_named() -> None:
    assert charset_in(b'<?xml version="1.0" encoding="windows-1251"?>') == "windows-1251"
    assert charset_in(b'<meta charset="l1">') == "l1"
    assert charset_in("text/html; Charset=UTF-8") == "utf-8"
