"""The envelope of a page is read as Python reads JSON, but that a key told twice is seen."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sales_lakehouse.rest.envelope import Doubled, read_envelope

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


@given(value=VALUES, indent=st.sampled_from([None, 0, 2]))
def test_a_document_is_read_as_python_reads_it(value: Any, indent: int | None) -> None:
    assert read_envelope(json.dumps(value, indent=indent)) == value


@given(value=st.dictionaries(st.text(max_size=5), VALUES, min_size=1), data=st.data())
def test_a_text_that_python_refuses_is_refused(value: Any, data: st.DataObject) -> None:
    whole = json.dumps(value)
    place = data.draw(st.integers(0, len(whole) - 1))
    text = data.draw(st.sampled_from([whole[:place], whole[:place] + whole[place + 1 :], whole + "]", whole + " {}"]))
    try:
        expected = json.loads(text)
    except ValueError:
        with pytest.raises(ValueError, match=r"."):
            read_envelope(text)
    else:
        assert read_envelope(text) == expected


@pytest.mark.parametrize("text", ['{"total": 1, "total": 2}', '{"a": [], "meta": {"total": 1, "total": 1}}'])
def test_a_key_that_stands_twice_is_seen(text: str) -> None:
    found = read_envelope(text)
    assert isinstance(found, Doubled) or isinstance(found["meta"], Doubled)
