"""The page in a real Chromium: it fits a desk and a phone, draws its charts, and asks for nothing."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from socialmetrics.exports import Figures, write

pytestmark = pytest.mark.prove

MEASURE = """<!doctype html><iframe src="report.html" width="{width}" height="900" style="border:0"></iframe><script>
document.querySelector("iframe").onload = (event) => {{
  const page = event.target.contentDocument, view = event.target.contentWindow;
  const charts = [...page.querySelectorAll("svg")].map((svg) => svg.getBoundingClientRect());
  document.body.textContent = "measured " + JSON.stringify({{
    wide: page.documentElement.scrollWidth,
    headline: page.querySelector("h1").getBoundingClientRect().bottom,
    charts: charts.length,
    drawn: charts.filter((chart) => chart.width > 40 && chart.right <= {width} + 1).length,
    asked: view.performance.getEntriesByType("resource").length,
  }});
}};
</script>"""


@pytest.mark.parametrize("width", [1280, 820, 390])
def test_the_page_fits_and_its_charts_are_drawn(figures: Figures, tmp_path: Path, width: int) -> None:
    chromium = shutil.which("chromium")
    assert chromium, "this test needs Debian's chromium, which .ci/run installs"
    pack = tmp_path / "pack"
    write(figures, pack)
    page = tmp_path / "measure.html"
    page.write_text(MEASURE.format(width=width).replace("report.html", "pack/report.html"), encoding="utf-8")
    command = [
        *(chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"),
        *("--disable-component-update", "--disable-sync", "--allow-file-access-from-files"),
        *(f"--user-data-dir={tmp_path / 'profile'}", "--window-size=1400,1000", "--virtual-time-budget=5000"),
        *("--dump-dom", page.as_uri()),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    found = re.search(r"measured (\{.*\})", done.stdout)
    assert found, done.stdout[-500:]
    seen = json.loads(found.group(1))
    assert seen["wide"] <= width
    assert 0 < seen["headline"] < 400
    assert seen["charts"] > 5
    assert seen["drawn"] == seen["charts"]
    assert seen["asked"] == 0
