"""What cells print and display: the richest form that can be read, hidden things hidden."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest

from jcurve.briefing.outputs import terminal
from tests.support import pdfcheck
from tests.support.foreign import Briefing, briefing, cell, display, note, picture, printed, shown

RED = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 20"><rect width="9" height="9"/></svg>'
)


def _kinds(**data: Any) -> Briefing:
    return briefing(note("# T"), cell(display(None, **data)), note("After it."))


class TestWords:
    @pytest.mark.parametrize(
        "markup",
        ["<h4>Pays back in <b>2034Q2</b></h4>", "<div><span>Pays back in</span> 2034Q2</div>",
         "<ul><li>Pays back</li><li>in 2034Q2</li></ul>", "Pays&nbsp;back in 2034Q2"],
    )  # fmt: skip
    def test_of_html_before_the_repr(self, markup: str) -> None:
        made = _kinds(text_html=markup, text_plain="<IPython.core.display.HTML object>")
        text = made.text.replace("•", " ").replace("\u00a0", " ")
        assert "Pays back in 2034Q2" in " ".join(text.split())
        assert "IPython" not in made.text + made.page

    def test_of_markdown_before_the_repr(self) -> None:
        made = _kinds(text_markdown="**Pays back** in 2034Q2", text_plain="<Markdown object>")
        assert "<strong>Pays back</strong> in 2034Q2" in made.page

    def test_of_json(self) -> None:
        made = _kinds(application_json={"npv": [1, 2]}, text_plain="<JSON object>")
        assert '"npv": [' in made.text

    def test_the_repr_when_there_is_nothing_else(self) -> None:
        assert "Model(npv=3)" in _kinds(text_plain="Model(npv=3)").text

    def test_styles_alone_leave_nothing(self) -> None:
        made = _kinds(text_html="<style>.x{color:red}</style>", text_plain="<HTML object>")
        assert made.losses == []
        assert "HTML object" not in made.text


class TestScripts:
    @pytest.mark.parametrize(
        ("data", "what"),
        [
            ({"application_vnd.plotly.v1+json": {}, "text_html": "<div></div>"}, "Plotly chart"),
            ({"application_vnd.vegalite.v5+json": {}, "text_plain": "<V 5>"}, "Altair chart"),
            ({"application_vnd.bokehjs_exec.v0+json": "", "text_html": "<p>Loading</p>"},
             "Bokeh chart"),
            ({"application_vnd.holoviews_exec.v0+json": "", "text_html": "<p>x</p>"},
             "HoloViews chart"),
            ({"application_javascript": "draw()", "text_plain": "<Javascript object>"}, "output"),
            ({"text_html": "<div id='v'></div><script>draw()</script>"}, "output"),
            ({"text_html": "<iframe src='https://example.com/v'></iframe>"}, "page"),
            ({"text_html": "<video src='a.mp4' controls></video>"}, "video"),
            ({"application_pdf": "JVBERi0=", "text_plain": "<Figure size 9x9>"}, "picture"),
            ({"application_vnd.custom+json": {}}, "output"),
        ],
    )  # fmt: skip
    def test_leave_a_line_and_a_warning(self, data: dict[str, Any], what: str) -> None:
        made = _kinds(**data)
        assert f"[{what} of cell 2 is not shown: " in made.text
        assert f"[{what} of cell 2 is not shown: " in made.page
        assert len(made.losses) == 1
        assert made.losses[0].startswith("cell 2: ")
        assert "After it." in made.text

    @pytest.mark.parametrize("kind", ["plotly.v1", "vegalite.v5", "bokehjs_exec.v0"])
    def test_bring_a_picture(self, kind: str) -> None:
        data = {f"application_vnd.{kind}+json": {}, "image_png": picture(), "text_html": "<div>x"}
        made = _kinds(**data)
        assert len(pdfcheck.alts(made.pdf)) == 1
        assert made.losses == []

    def test_libraries_and_signs_for_drawings_are_nothing_to_see(self) -> None:
        load = {"application_vnd.bokehjs_load.v0+json": "", "application_javascript": "load()"}
        assert _kinds(**load).losses == []
        signs = "<svg style='position:absolute; width:0'><defs><symbol id='a'/></defs></svg>"
        made = _kinds(text_html=f"{signs}<pre>array([1, 2])</pre>")
        assert "array([1, 2])" in made.text
        assert made.losses == []

    def test_a_widget_says_what_it_was(self) -> None:
        made = _kinds(**{"application_vnd.jupyter.widget-view+json": {}, "text_plain": "Dial(3)"})
        assert "[widget of cell 2 is not shown" in made.text
        assert "Dial(3)" in made.text


class TestPictures:
    @pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP", "BMP"])
    def test_of_every_kind(self, kind: str) -> None:
        made = _kinds(**{f"image_{kind.lower()}": picture(kind)})
        assert len(pdfcheck.alts(made.pdf)) == 1
        assert made.losses == []

    @pytest.mark.parametrize("mode", ["L", "P", "CMYK", "I;16", "RGBA", "1"])
    def test_of_every_mode(self, mode: str) -> None:
        kind = "JPEG" if mode == "CMYK" else "PNG"
        assert _kinds(**{f"image_{kind.lower()}": picture(kind, mode)}).losses == []

    @pytest.mark.parametrize(
        "data",
        [
            {"image_png": "no base64!"}, {"image_png": base64.b64encode(b"no picture").decode()},
            {"image_png": picture()[:80]}, {"image_svg+xml": "<svg"},
            {"image_svg+xml": '<!DOCTYPE svg [<!ENTITY a "b">]><svg width="9" height="9"/>'},
            {"image_jpeg": picture()[:-40]}, {"image_svg+xml": "<svg width='0' height='0'/>"},
        ],
    )  # fmt: skip
    def test_that_cannot_be_drawn_cost_their_place_only(self, data: dict[str, Any]) -> None:
        made = _kinds(**data, text_plain="<Figure>")
        assert "[picture of cell 2 is not shown: it cannot be drawn]" in made.text
        assert made.losses == ["cell 2: picture: it cannot be drawn"]
        assert "After it." in made.text

    def test_take_the_size_that_is_asked_for(self) -> None:
        for metadata in ({"image/png": {"width": 40, "height": 20}}, {"width": 40, "height": 20}):
            made = briefing(cell(display(metadata, image_png=picture(size=(400, 200)))))
            assert 'width="40" height="20"' in made.page
        made = briefing(note(f'<img src="data:image/png;base64,{picture()}" width="20" alt="x">'))
        assert 'width="20" height="10"' in made.page

    def test_attached_under_a_name_with_a_blank(self) -> None:
        held = {"a b.png": {"image/png": picture()}}
        made = briefing(note("![one](attachment:a%20b.png)", attachments=held))
        assert pdfcheck.alts(made.pdf) == ["one"]

    def test_beside_the_notebook(self, tmp_path: Path) -> None:
        (tmp_path / "pictures").mkdir()
        (tmp_path / "pictures" / "a b.png").write_bytes(base64.b64decode(picture()))
        (tmp_path / "c.svg").write_text(RED, encoding="utf-8")
        made = briefing(
            note("![one](pictures/a%20b.png)\n\n<img src='c.svg' alt='two'>"), folder=tmp_path
        )
        assert pdfcheck.alts(made.pdf) == ["one", "two"]

    @pytest.mark.parametrize(
        "path", ["../secret.png", "/etc/hostname", "file:///etc/hostname", "none.png", "a.txt"]
    )
    def test_nothing_else_is_read(self, path: str, tmp_path: Path) -> None:
        home = tmp_path / "home"
        home.mkdir()
        (tmp_path / "secret.png").write_bytes(base64.b64decode(picture()))
        (home / "a.txt").write_text("text", encoding="utf-8")
        made = briefing(note(f"![one]({path})"), folder=home)
        assert "[picture: one]" in made.text
        assert len(made.losses) == 1

    def test_from_the_net_are_never_fetched(self) -> None:
        made = briefing(note("Text ![one](https://example.com/a.png) goes on."))
        assert "Text [picture: one] goes on." in made.text
        assert made.losses == ["cell 1: picture one: it would have to be fetched"]
        assert "example.com/a.png" not in made.page.replace('href="https://example.com/a.png"', "")

    def test_drawings_in_html(self) -> None:
        made = _kinds(text_html=f"<p>Words</p>{RED}")
        assert len(pdfcheck.alts(made.pdf)) == 1
        assert "Words" in made.text

    def test_in_a_heading_stand_below_it(self) -> None:
        made = briefing(note(f"# Head ![x](data:image/png;base64,{picture()})\n\nText."))
        assert made.document.title == "Head"
        assert pdfcheck.alts(made.pdf) == ["x"]


class TestPrinted:
    @pytest.mark.parametrize(
        ("text", "wanted"),
        [
            ("\rrunning 0%\rrunning 100%\ndone\n", "running 100%\ndone\n"),
            ("long line\rshort\n", "shortline\n"),
            ("a\r\nb\r\n", "a\nb\n"), ("abc\b\bX", "aXc"), ("\x1b[31mred\x1b[0m", "red"),
            ("\x1b]8;;http://x\x07link\x1b]8;;\x07", "link"), ("one\n\rtwo", "one\ntwo"),
        ],
    )  # fmt: skip
    def test_as_a_terminal_shows_it(self, text: str, wanted: str) -> None:
        assert terminal(text) == wanted

    def test_in_several_goes_is_one_text(self) -> None:
        made = briefing(cell(printed("\rstep 1"), printed("\rstep 2"), printed("\nend\n")))
        assert "step 2 end" in made.text
        assert "step 1" not in made.text

    @pytest.mark.parametrize("joint", ["\n", "\t", " ", "\n\n"])
    def test_numbers_are_whole(self, joint: str) -> None:
        numbers = [str(200000 + 37 * step) for step in range(40)]
        words = briefing(cell(printed(joint.join(numbers)))).text.split()
        assert [word for word in words if word in numbers] == numbers

    def test_long_words_leave_no_sign_where_they_break(self) -> None:
        word = "capex.total.2027." * 12 + "end"
        made = briefing(cell(printed(word)))
        assert word in made.text.replace(" ", "")
        assert "\N{ZERO WIDTH SPACE}" not in made.text

    def test_a_long_log_is_folded_with_a_count(self) -> None:
        made = briefing(cell(printed("\n".join(f"line {number}" for number in range(400)))))
        assert "[280 lines are left out here]" in made.text
        assert "line 79 " in made.text
        assert "line 360 " in made.text
        assert "<summary>400 lines of output</summary>" in made.page
        assert "line 200\n" in made.page
        assert made.losses == ["cell 1: 280 lines of a log, in print"]


class TestHidden:
    @pytest.mark.parametrize(
        "tag",
        ["remove-output", "remove_output", "hide-output", "hide_output", "remove_all_outputs",
         "remove-cell", "remove_cell", "hide-cell", "Remove-Cell"],
    )  # fmt: skip
    def test_outputs_by_tag(self, tag: str) -> None:
        made = briefing(note("# T"), cell(printed("secret"), tags=(tag,)))
        assert "secret" not in made.text + made.page

    @pytest.mark.parametrize(
        "metadata",
        [{"jupyter": {"outputs_hidden": True}}, {"collapsed": True}, {"hide_output": True},
         {"hideOutput": True}],
    )  # fmt: skip
    def test_outputs_by_flag(self, metadata: dict[str, Any]) -> None:
        made = briefing(note("# T"), cell(printed("secret"), **metadata))
        assert "secret" not in made.text + made.page

    def test_one_output_by_its_own_tag(self) -> None:
        hidden = {**printed("secret"), "metadata": {"tags": ["remove_single_output"]}}
        made = briefing(cell(hidden, display(text_plain="open")))
        assert "secret" not in made.text
        assert "open" in made.text

    @pytest.mark.parametrize(
        ("tags", "metadata"),
        [(("remove-input",), {}), (("hide_input",), {}), ((), {"hide_input": True}),
         ((), {"jupyter": {"source_hidden": True}}), ((), {"transient": {"remove_source": True}})],
    )  # fmt: skip
    def test_inputs(self, tags: tuple[str, ...], metadata: dict[str, Any]) -> None:
        assert "show()" in briefing(cell(printed("x"))).page
        made = briefing(cell(printed("open"), tags=tags, **metadata))
        assert "show()" not in made.page
        assert "open" in made.page

    def test_false_flags_hide_nothing(self) -> None:
        made = briefing(cell(printed("open"), collapsed=False, jupyter={"outputs_hidden": False}))
        assert "open" in made.text


class TestRaw:
    @pytest.mark.parametrize("form", [{}, {"format": ""}, {"raw_mimetype": "text/plain"}])
    def test_is_text(self, form: dict[str, str]) -> None:
        made = briefing({"cell_type": "raw", "metadata": form, "source": "Unaudited, USD m"})
        assert "Unaudited, USD m" in made.text

    def test_of_html_and_markdown(self) -> None:
        cells = [
            {"cell_type": "raw", "metadata": {"format": kind}, "source": source}
            for kind, source in (("text/html", "<b>one</b>"), ("text/markdown", "**two**"))
        ]
        page = briefing(*cells).page
        assert "<strong>one</strong>" in page
        assert "<strong>two</strong>" in page

    def test_for_another_program_is_left_out_with_a_warning(self) -> None:
        made = briefing({"cell_type": "raw", "metadata": {"format": "text/latex"}, "source": "x"})
        assert made.losses == ["cell 1: a raw cell for text/latex"]


class TestMarkdown:
    @pytest.mark.parametrize(
        ("source", "wanted"),
        [
            ("~~5%~~ 7%", "<s>5%</s> 7%"),
            ("- [x] done", "☑ done"),
            ("<details><summary>More</summary>\n\nHidden *words*.\n\n</details>", "<em>words</em>"),
            ("<kbd>Ctrl</kbd>", "<code>Ctrl</code>"),
            ('<span style="font-weight:bold">x</span>', "<strong>x</strong>"),
            ("<q>said</q>", "“said”"),
            ("<center>middle</center>", "<p>middle</p>"),
            ("a<br/>b", "a<br>b"),
            ("<!-- gone -->x", "<p>x</p>"),
            ('<a href="javascript:x()">x</a>', "<p>x</p>"),
            ("<p onclick='x()'>x</p><script>y</script>", "<p>x</p>"),
            ("<form><input value=1><button>Go</button></form>", "Go"),
        ],
    )
    def test_html_as_jupyter_shows_it(self, source: str, wanted: str) -> None:
        page = briefing(note(source)).page.partition("<article>")[2]
        assert wanted in page
        assert "<script" not in page
        assert "javascript" not in page

    def test_notes_stand_at_the_foot(self) -> None:
        made = briefing(note("Term[^1] goes on[^b].\n\n[^1]: The **first**.\n[^b]: Another."))
        assert "The first." in made.page
        assert made.page.count('id="note-') == 2
        assert made.text.index("The first.") > made.text.index("goes on")


class TestTitle:
    @pytest.mark.parametrize(
        ("cells", "title"),
        [
            (["# One\n\n# Two\n\n# Three"], "One"), (["Words.", "# One\n\n## Two"], "One"),
            (["## Low\n\n# High"], "notebook"), (["## One\n\n## Two"], "One"),
            (["Words."], "notebook"),
        ],
    )  # fmt: skip
    def test_is_the_first_of_the_top_headings(self, cells: list[str], title: str) -> None:
        made = briefing(*[note(source) for source in cells])
        assert made.document.title == title
        assert made.text.count(title) == 1

    def test_contents_follow_the_document(self) -> None:
        made = briefing(note("# T\n\n" + "\n\n".join(f"## Part {at}\n\nText." for at in range(9))))
        levels = pdfcheck.headings(made.pdf)
        assert levels == [1] * 9


class TestFailed:
    def test_is_said_on_the_first_page(self) -> None:
        error = {"output_type": "error", "ename": "ValueError", "evalue": "no", "traceback": []}
        made = briefing(note("# T"), cell(printed("x")), cell(error))
        line = "The run of this notebook failed in cell 3: ValueError: no"
        assert line in " ".join(pdfcheck.page_texts(made.pdf)[0].split())
        assert line in made.page
        expected = briefing(note("# T"), cell(error, tags=("raises-exception",)))
        assert "failed" not in expected.text


def test_nothing_of_a_hostile_output_reaches_the_page() -> None:
    markup = (
        "<img src=x onerror=alert(1)><a href='data:text/html,x'>y</a><svg onload=alert(1)></svg>"
        "<style>@import 'http://x'</style><base href='http://x'><meta http-equiv=refresh content=0>"
        "<table background='http://x'><tr><td style='background:url(http://x)'>z</td></tr></table>"
    )
    page = briefing(shown(markup)).page.partition("<article>")[2]
    for part in ("onerror", "onload", "http://x", "<base", "<meta", "text/html,x"):
        assert part not in page
