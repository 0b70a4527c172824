"""Pages of our own beside the notebooks: where one begins, and what the instructor reads."""

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from jupyter_server.base.handlers import JupyterHandler
from tornado.web import authenticated
from voila.shutdown_kernel_handler import VoilaShutdownKernelHandler

from cna_viz.app.pages import PAGES, titles
from cna_viz.reports.page.markdown import Renderer


class LandingHandler(JupyterHandler):
    """The page with a card for every page."""

    @authenticated
    def get(self) -> None:
        """Send it."""
        self.finish(landing_page())


class ShutdownHandler(VoilaShutdownKernelHandler):  # type: ignore[misc]
    """Ends the kernel of a page that is closed."""

    def check_xsrf_cookie(self) -> None:
        """Let it pass: Voila's page sends no such cookie, and nobody else knows the number of the kernel."""


class InstructorHandler(JupyterHandler):
    """The page for whoever stands in front of the class."""

    @authenticated
    def get(self) -> None:
        """Send it."""
        self.finish(instructor_page())


@cache
def pages_environment() -> Environment:
    """Return where the templates of these pages are, and how they are filled."""
    own = [PackageLoader("cna_viz.app", f"templates{part}") for part in ("/pages", "")]
    # The style and the switch are those of reports.
    loader: Any = ChoiceLoader([*own, PackageLoader("cna_viz.reports")])
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True)


@cache
def landing_page() -> str:
    """Return the first page as HTML."""
    return pages_environment().get_template("landing.html.j2").render(pages=PAGES, titles=titles())


@cache
def instructor_page() -> str:
    """Return the instructor's page as HTML."""
    renderer = Renderer()
    text = renderer.render(instructor_file().read_text(encoding="utf-8"))
    return pages_environment().get_template("instructor.html.j2").render(pages=PAGES, text=text)


def instructor_file() -> Path:
    """Return the instructor's page as Markdown: the one in the installed package, else that of the checkout."""
    package = Path(__file__).resolve().parents[1]
    packaged = package / "_docs" / "teaching.md"
    return packaged if packaged.is_file() else package.parent / "docs" / "teaching.md"
