"""Adding articles: by the button, dropped on the page, large ones, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.conftest import Open, ask

if TYPE_CHECKING:
    from playwright.sync_api import FilePayload, Page

pytestmark = pytest.mark.browser

DROP = """([files, kind]) => {
  const transfer = new DataTransfer();
  for (const [name, text] of files) transfer.items.add(new File([text], name, { type: "text/plain" }));
  const fire = (type) => document.body.dispatchEvent(
    new DragEvent(type, { dataTransfer: transfer, bubbles: true, cancelable: true }));
  for (const type of kind) fire(type);
}"""


def text_file(name: str, text: str) -> FilePayload:
    return {"name": name, "mimeType": "text/plain", "buffer": text.encode()}


def open_panel(page: Page) -> None:
    page.click("#add")
    page.locator("#add-panel").wait_for()  # its script is fetched when it is wanted


def outcomes(page: Page) -> dict[str, str]:
    """Wait for the end, and give what became of each file."""
    page.locator("#add-close:focus, #add-again:focus").wait_for()
    rows = page.locator("#add-outcomes li").all()
    return {row.locator(".name").inner_text(): row.locator(".outcome").inner_text() for row in rows}


def into_new(page: Page, name: str) -> None:
    page.select_option("#add-into", "")
    page.fill("#add-name", name)


def test_files_are_added_by_the_button(open_page: Open) -> None:
    page = open_page()
    open_panel(page)
    assert page.locator("#add-start").is_disabled()
    files = [text_file("灯塔 1.txt", "北港灯塔高四十二米，每十秒闪一次。"), text_file("empty.txt", " ")]
    page.set_input_files("#add-files", files)
    assert "Files chosen: 2" in page.locator("#add-chosen").inner_text()
    into_new(page, "bad name")
    page.click("#add-start")
    assert page.get_attribute("#add-name", "aria-invalid") == "true"
    into_new(page, "button")
    page.click("#add-start")
    assert outcomes(page) == {"灯塔 1.txt": "created", "empty.txt": "rejected"}
    assert "1 created, 0 updated, 0 unchanged, 1 rejected" in page.locator("#add-said").inner_text()
    assert page.locator("#add-outcomes .rejected .facts").inner_text() == "has no text"
    # What went wrong is on top.
    assert page.locator("#add-outcomes li").first.get_attribute("class") == "rejected"
    assert page.locator("#add-progress").evaluate("(bar) => [bar.value, bar.max]") == [2, 2]
    page.keyboard.press("Escape")
    # It is chosen now, with its count, and answers.
    assert page.locator("#collection option:checked").inner_text() == "button (1)"
    turn = ask(page, "北港灯塔高多少米？")
    assert turn.locator(".passage h4").first.inner_text() == "灯塔 1.txt"


def test_files_are_dropped_anywhere_on_the_page(open_page: Open) -> None:
    page = open_page()
    page.evaluate(DROP, [[["a.txt", "甲地有一座桥。"]], ["dragenter", "dragover"]])
    assert page.locator("#drop").is_visible()
    many = [[f"{number}.txt", f"{number}号桥建于{1900 + number}年。"] for number in range(60)]
    page.evaluate(DROP, [many, ["drop"]])
    page.locator("#add-panel").wait_for()
    assert not page.locator("#drop").is_visible()
    into_new(page, "dropped")
    page.locator("#add-start").click()
    assert outcomes(page) == {name: "created" for name, _ in many}
    changed = [*many[:2], ["0-new.txt", "新桥。"], ["2.txt", "2号桥已拆。"]]
    page.evaluate(DROP, [changed, ["drop"]])
    page.locator("#add-chosen", has_text="4").wait_for()
    page.locator("#add-start").click()
    assert outcomes(page) == {"0.txt": "unchanged", "1.txt": "unchanged", "0-new.txt": "created", "2.txt": "updated"}
    page.keyboard.press("Escape")
    assert page.locator("#collection option:checked").inner_text() == "dropped (61)"


def test_a_folder_is_added_without_what_is_hidden(open_page: Open, tmp_path: Path) -> None:
    for name in ("north/a.txt", "south/a.txt", "south/b.txt", ".hidden/c.txt", "south/.d.txt"):
        (tmp_path / "all" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "all" / name).write_text(f"{name}里有一座灯塔。", "utf-8")
    page = open_page()
    open_panel(page)
    page.set_input_files("#add-folder", tmp_path / "all")
    page.locator("#add-chosen", has_text="Files chosen: 3").wait_for()
    into_new(page, "folder")
    page.click("#add-start")
    # Files of one name in two folders are two articles.
    names = {f"all/{name}" for name in ("north/a.txt", "south/a.txt", "south/b.txt")}
    assert outcomes(page) == dict.fromkeys(names, "created")
    page.keyboard.press("Escape")
    assert page.locator("#collection option:checked").inner_text() == "folder (3)"


def test_folders_are_dropped_with_the_paths_of_their_files(open_page: Open) -> None:
    drop = """async () => {
      const { prepareDrop } = await import("/static/dropped.js");
      const { nameOf } = await import("/static/batches.js");
      const file = (path) => ({ isFile: true, name: path.split("/").at(-1), fullPath: path,
        file: (done) => done(new File(["x"], path.split("/").at(-1))) });
      const folder = (name, ...inside) => ({ isFile: false, name, createReader: () => {
        const portions = [inside, []];
        return { readEntries: (done) => done(portions.shift()) };
      } });
      const entries = [folder("x", file("/x/README.md")), folder("y", file("/y/README.md")), file("/z.md")];
      const overlay = document.createElement("div");
      overlay.append(document.createElement("p"));
      const found = new Promise((resolve) => prepareDrop(overlay, resolve));
      const event = new Event("drop", { bubbles: true, cancelable: true });
      const items = entries.map((entry) => ({ kind: "file", webkitGetAsEntry: () => entry }));
      event.dataTransfer = { types: ["Files"], items };
      overlay.dispatchEvent(event);
      document.dispatchEvent(event);
      return (await found).map(nameOf);
    }"""
    assert open_page().evaluate(drop) == ["x/README.md", "y/README.md", "z.md"]


def test_text_that_is_dragged_is_not_taken_for_files(open_page: Open) -> None:
    page = open_page()
    fired = page.evaluate(
        """() => {
          const transfer = new DataTransfer();
          transfer.setData("text/plain", "words");
          return document.body.dispatchEvent(
            new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true }));
        }"""
    )
    assert fired is True  # the browser's own business
    assert not page.locator("#add-panel").is_visible()


def test_names_that_are_refused_do_not_stop_the_others(open_page: Open) -> None:
    page = open_page(expected=("Failed to load resource",))
    page.evaluate(DROP, [[["a\tb.txt", "甲"], ["same.txt", "乙岛有灯。"], ["same.txt", "丙岛有灯。"]], ["drop"]])
    page.locator("#add-panel").wait_for()
    into_new(page, "names")
    page.locator("#add-start").click()
    outcomes(page)
    rows = [row.inner_text().split("\n") for row in page.locator("#add-outcomes li").all()]
    assert sorted(row[1] for row in rows) == ["created", "rejected", "rejected"]
    assert any("another file of this name" in row[2] for row in rows if row[1] == "rejected")


def test_a_large_file_becomes_a_job(open_page: Open) -> None:
    page = open_page()
    # Made in the page: to bring it there takes long.
    page.evaluate(f"({DROP})([[['large.bin', new Uint8Array(9 * 2 ** 20)]], ['drop']])")
    page.locator("#add-panel").wait_for()
    into_new(page, "large")
    seen: list[str] = []
    page.on("request", lambda request: seen.append(request.url))
    page.click("#add-start")
    # What it holds is no text; that it was said so, by way of a job, is what counts.
    assert outcomes(page) == {"large.bin": "rejected"}
    assert any("async=true" in url for url in seen)


def test_a_service_that_goes_away_is_said_and_the_rest_can_be_sent_again(open_page: Open) -> None:
    page = open_page(expected=("Failed to load resource",))
    open_panel(page)
    page.set_input_files("#add-files", [text_file("late.txt", "迟到的文章。")])
    into_new(page, "late")
    page.context.set_offline(True)
    page.click("#add-start")
    assert outcomes(page) == {"late.txt": "not confirmed"}
    page.context.set_offline(False)
    page.click("#add-again")
    page.locator("#add-outcomes .created").wait_for()
    assert outcomes(page) == {"late.txt": "created"}
