"""The portal and retention: whole editions only, no rights for what they hold."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest

from jcurve.briefing import Edition, all_editions, latest
from jcurve.commands import main
from jcurve.ground.project import Project
from jcurve_runs.ledger.attempts import Ledger
from jcurve_runs.portal.site import refresh
from jcurve_runs.publishing.retention import Rule, outdated, prune
from jcurve_runs.publishing.runs import carry_out
from tests.support.drives import NoProcess, plan_of, sound_runs
from tests.support.notebooks import make_project

MOMENT = datetime(2026, 7, 30, 9, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], NoProcess]:
    return sound_runs(tmp_path_factory.mktemp("sound"))


@pytest.fixture
def project(tmp_path: Path, sound: Callable[[], NoProcess]) -> Project:
    """A project with three editions of one series."""
    made = make_project(tmp_path)
    for number in range(3):
        publish(made, sound, f"run-{number}")
    return made


def publish(project: Project, sound: Callable[[], NoProcess], name: str) -> None:
    """Publish an edition."""
    with Ledger(project) as ledger:
        plan = plan_of(project, name, force=True)
        done = carry_out(plan, ledger=ledger, executor=sound())
    assert done.state == "succeeded"


class Links(HTMLParser):
    """The links, frames and anything active of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.frames: list[dict[str, str | None]] = []
        self.active: list[str] = []
        self.policy = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "a":
            self.links.append(given["href"] or "")
        if tag == "iframe":
            self.frames.append(given)
        if tag in ("script", "form", "object", "embed", "base", "img", "link"):
            self.active.append(tag)
        self.active += [name for name in given if name.startswith("on")]
        if given.get("http-equiv") == "Content-Security-Policy":
            self.policy = given["content"] or ""


def pages(project: Project) -> list[Path]:
    """Every page of the portal."""
    return [project.reports / "index.html", *sorted(project.reports.glob("portal/**/*.html"))]


def test_it_is_there_after_each_publish_and_every_link_leads_somewhere(project: Project) -> None:
    """From the list to the history, an edition, its files, and what changed."""
    assert [path.relative_to(project.reports).as_posix() for path in pages(project)] == [
        "index.html",
        "portal/fixture/base/index.html",
        "portal/fixture/base/run-0.html",
        "portal/fixture/base/run-1.changes.html",
        "portal/fixture/base/run-1.html",
        "portal/fixture/base/run-2.changes.html",
        "portal/fixture/base/run-2.html",
    ]
    for page in pages(project):
        found = Links(page.read_text())
        targets = [*found.links, *(str(frame["src"]) for frame in found.frames)]
        for target in targets:
            assert (page.parent / unquote(target)).resolve().is_file(), (page.name, target)
            assert "://" not in target
    reached = {project.reports / "index.html"}
    for _ in range(4):
        reached |= {
            (page.parent / unquote(link)).resolve()
            for page in list(reached)
            if page.suffix == ".html" and page.name != "report.html"
            for link in Links(page.read_text()).links
        }
    assert set(pages(project)) <= reached


def test_no_page_is_active_and_editions_have_no_rights(project: Project) -> None:
    for page in pages(project):
        found = Links(page.read_text())
        assert found.active == []
        rules = dict(rule.strip().partition(" ")[::2] for rule in found.policy.split(";"))
        assert rules["default-src"] == "'none'"
        assert rules["form-action"] == rules["base-uri"] == "'none'"
        assert "script-src" not in rules
        assert "unsafe" not in found.policy
        for frame in found.frames:
            assert frame["sandbox"] == ""
    edition = Links((project.reports / "portal/fixture/base/run-2.html").read_text())
    assert len(edition.frames) == 1


def test_the_style_is_the_one_that_the_policy_names(project: Project) -> None:
    from base64 import b64encode
    from hashlib import sha256

    text = (project.reports / "index.html").read_text()
    style = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)[0]
    digest = b64encode(sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in Links(text).policy


def test_text_from_outside_is_text(project: Project) -> None:
    folder = project.reports / "fixture/base/run-2"
    results = json.loads((folder / "results.json").read_text())
    results["scenario"]["title"] = "<script>alert(1)</script>\u202e' onload='x"
    (folder / "results.json").write_text(json.dumps(results))
    refresh(project)
    for page in pages(project):
        assert Links(page.read_text()).active == []
        assert "<script" not in page.read_text()
        assert "\u202e" not in page.read_text()
    assert "&lt;script&gt;" in (project.reports / "index.html").read_text()


def test_what_is_damaged_is_left_out(project: Project) -> None:
    (project.reports / "fixture/base/run-1/results.json").write_text("{")
    refresh(project)
    names = [path.name for path in pages(project)]
    assert "run-1.html" not in names
    assert "run-2.changes.html" in names
    (project.reports / "fixture/base/latest.json").write_text("{")
    refresh(project)
    assert "No edition has been published yet." in (project.reports / "index.html").read_text()


def test_nothing_published_is_an_empty_list(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    project.reports.mkdir()
    assert refresh(project) == 1
    assert "No edition" in (project.reports / "index.html").read_text()


def test_what_is_wrong_and_what_comes_next_is_on_the_first_page(project: Project) -> None:
    status = {
        "problems": ["weekly: did not arrive <b>", "mail to cfo@example.org waits"],
        "schedules": {
            "weekly": {"next": "2026-08-03T07:00:00.000+00:00"},
            "odd": {"mistake": "unknown report", "late": []},
        },
    }
    (project.reports / "status.json").write_text(json.dumps(status))
    refresh(project)
    text = (project.reports / "index.html").read_text()
    assert '<p class="late">weekly: did not arrive &lt;b&gt;</p>' in text
    assert '<p class="late">mail to cfo@example.org waits</p>' in text
    assert "Next: weekly 2026-08-03 07:00 UTC" in text


def test_pages_are_the_same_bytes_when_made_again(project: Project) -> None:
    before = {page: (page.read_bytes(), page.stat().st_mtime_ns) for page in pages(project)}
    refresh(project)
    assert {page: (page.read_bytes(), page.stat().st_mtime_ns) for page in pages(project)} == before


def test_it_works_wherever_it_is_copied(project: Project, tmp_path: Path) -> None:
    shutil.copytree(project.reports, tmp_path / "share")
    index = tmp_path / "share" / "index.html"
    for link in Links(index.read_text()).links:
        assert (index.parent / link).is_file()


class TestRetention:
    """The latest always stays."""

    @staticmethod
    def dated(*days: int) -> list[tuple[Edition, datetime]]:
        """Editions so many days old, named by their age."""
        return [
            (Edition(f"d{day}", "r", "s", Path(f"d{day}")), MOMENT - timedelta(days=day))
            for day in days
        ]

    @pytest.mark.parametrize(
        ("rule", "gone"),
        [
            (Rule(last=2, days=1, monthly=False), ["d400", "d40", "d30", "d20"]),
            (Rule(last=0, days=25, monthly=False), ["d400", "d40", "d30"]),
            (Rule(last=0, days=1, monthly=True), ["d40", "d20"]),
            (Rule(last=9, days=1, monthly=False), []),
        ],
    )
    def test_what_goes(self, rule: Rule, gone: list[str]) -> None:
        """Of 30 July: d30 is the last of June, d400 of its month; d10 is what readers see."""
        dated = self.dated(400, 40, 30, 20, 10, 0)
        found = [edition.id for edition in outdated(dated, "d10", rule, MOMENT)]
        assert found == gone

    @pytest.mark.parametrize("newest", ["d0", "d400"])
    def test_the_latest_stays_however_old(self, newest: str) -> None:
        rule = Rule(last=0, days=0, monthly=False)
        found = outdated(self.dated(400, 40, 1), newest, rule, MOMENT)
        assert newest not in [edition.id for edition in found]

    def test_on_the_disk(self, project: Project) -> None:
        later = datetime.now(UTC) + timedelta(days=1_000)
        rule = Rule(last=1, days=1, monthly=False)
        told = prune(project, rule, later, dry=True)
        assert [edition.id for edition in told] == ["run-0", "run-1"]
        assert len(all_editions(project, "fixture", "base")) == 3
        assert prune(project, rule, later) == told
        assert [edition.id for edition in all_editions(project, "fixture", "base")] == ["run-2"]
        kept = latest(project, "fixture", "base")
        assert kept is not None
        assert kept.id == "run-2"
        assert not any((project.reports / ".staging").iterdir())
        refresh(project)
        assert {path.name for path in pages(project)} == {"index.html", "run-2.html"}

    def test_a_series_whose_pointer_is_damaged_is_not_touched(self, project: Project) -> None:
        (project.reports / "fixture/base/latest.json").write_text("{")
        later = datetime.now(UTC) + timedelta(days=1_000)
        assert prune(project, Rule(0, 0, False), later) == []

    def test_old_failures_go_by_age(self, project: Project) -> None:
        (project.reports / ".failed" / "x").mkdir(parents=True)
        prune(project, Rule(days=5), datetime.now(UTC))
        assert (project.reports / ".failed" / "x").is_dir()
        prune(project, Rule(days=5), datetime.now(UTC) + timedelta(days=6))
        assert not (project.reports / ".failed" / "x").exists()

    def test_from_the_command_line(
        self,
        project: Project,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        monkeypatch.chdir(project.root)
        assert main(["prune", "--last", "1", "--days", "99999", "--dry-run"]) == 0
        assert capsys.readouterr().out == "0 would go\n"  # they are young
        assert main(["portal", "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["pages"] == 7
