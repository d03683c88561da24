"""The pages people see: the form, the list of runs, a run, the routes."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from fastapi import APIRouter, FastAPI
from fastapi.responses import FileResponse
from fastapi.staticfiles import StaticFiles

router = APIRouter(include_in_schema=False)
WEB = Path(__file__).parent.parent / "web"


@router.get("/static/plotly.min.js")
def plotly_script() -> FileResponse:
    """The script of the installed plotly wheel; the package itself isn't imported."""
    spec = find_spec("plotly")
    folder = Path(spec.submodule_search_locations[0])
    return FileResponse(folder / "package_data" / "plotly.min.js", media_type="text/javascript", headers={"Cache-Control": "max-age=86400"})


def mount(app: FastAPI) -> None:
    app.mount("/static", StaticFiles(directory=WEB / "static"))
