"""The envelope and the XML in it: opened by others, theirs opened by us, and nothing else let in."""

import os

import pytest

from bot.channels.wechat import xml
from bot.channels.wechat.crypto import Envelope, Unreadable
from tests.support import weixin

ours = Envelope(weixin.TOKEN, weixin.AES_KEY, weixin.APP_ID)


def test_the_sample_of_wechats_own_documents_is_opened():
    sample = Envelope("QDG6eK", "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C", "wx5823bf96d3bd56c7")
    echo = "P9nAzCzyDtyTWESHep1vC5X9xho/qYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp+4RPcs8TgAE7OaBO+FZXvnaqQ=="
    assert sample.is_signed("5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3", "1409659589", "263014780", echo)
    assert sample.open(echo) == b"1616140317555161061"


@pytest.mark.parametrize("length", [0, 1, *range(8, 44), 200, 2048])
def test_texts_of_all_lengths_go_both_ways(length):
    text = os.urandom(length).hex()[:length].encode()
    assert weixin.decrypted(ours.seal(text)) == text
    assert ours.open(weixin.encrypted(text)) == text


def test_nothing_is_opened_that_is_another_accounts_changed_or_no_envelope():
    sealed = weixin.encrypted(b"<xml/>")
    others = [weixin.encrypted(b"<xml/>", "wx0000000000000000"), sealed[:-4], sealed[:40], "", "!", "汉", "A" * 44]
    for each in [*others, *(sealed[:at] + "A" + sealed[at + 1 :] for at in (50, 70)), "AAAA" * 16]:
        with pytest.raises(Unreadable):
            ours.open(each)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"<html/>",
        b"<xml><a></xml>",
        b'<!DOCTYPE xml [<!ENTITY a "b">]><xml><a>&a;</a></xml>',
        b'<!DOCTYPE xml SYSTEM "file:///etc/passwd"><xml/>',
        b"<?php x ?><xml/>",
        b"<xml>" + b"<a>" * 10 + b"</a>" * 10 + b"</xml>",
        b"<xml>" + b"<a/>" * 1000 + b"</xml>",
        b"<xml><a>" + b"x" * 70_000 + b"</a></xml>",
        b"<xml><a>\xff\xfe</a></xml>",
        '<?xml version="1.0" encoding="utf-16"?><xml/>'.encode("utf-16"),
        b"<xml><a>&unknown;</a></xml>",
        b"<xml><a>\x00</a></xml>",
    ],
)
def test_only_a_small_plain_document_is_read(body):
    with pytest.raises(Unreadable):
        xml.parse(body)


def test_a_document_says_its_texts_by_their_places():
    read = xml.parse(
        "<xml><A><![CDATA[<你好> ]]]]><![CDATA[>]]></A><L><I><X>1</X></I><I><X>2</X></I></L></xml>".encode()
    )
    assert (read.get("A"), read.all("L/I/X"), read.get("B")) == ("<你好> ]]>", ["1", "2"], "")
    assert xml.parse(xml.write(A="1 ]]> <b>&", N=5)).texts == {"A": ["1 ]]> <b>&"], "N": ["5"]}
