// What is dropped on the page: files, and the files in folders.

import { setLabel } from "./strings.js";

// `onFiles(files)` is told of every drop of files, wherever on the page; text and links are the browser's business.
export function prepareDrop(overlay, onFiles) {
  setLabel(overlay.firstElementChild, "dropHere");
  let depth = 0; // entering a child comes before leaving its parent
  const show = (change) => (event) => {
    if (!bringsFiles(event)) return;
    event.preventDefault();
    depth = change === 0 ? 0 : depth + change;
    overlay.hidden = depth <= 0;
  };
  document.addEventListener("dragenter", show(1));
  document.addEventListener("dragleave", show(-1));
  document.addEventListener("dragover", (event) => bringsFiles(event) && event.preventDefault());
  document.addEventListener("drop", async (event) => {
    if (!bringsFiles(event)) return;
    show(0)(event);
    onFiles(await droppedFiles(event.dataTransfer));
  });
}

function bringsFiles(event) {
  return event.dataTransfer?.types.includes("Files") ?? false;
}

// The files of a drop. Entries have to be asked for before anything is waited for: the drop forgets them.
async function droppedFiles(transfer) {
  const items = [...transfer.items].filter((item) => item.kind === "file");
  const found = items.map((item) => item.webkitGetAsEntry?.() ?? item.getAsFile());
  const files = await Promise.all(found.filter((one) => one !== null).map(filesOf));
  return files.flat();
}

async function filesOf(found) {
  if (found instanceof File) return [found];
  try {
    if (found.isFile) return [await fileOf(found)];
    const entries = visible(await entriesOf(found));
    return (await Promise.all(entries.map(filesOf))).flat();
  } catch {
    return []; // it cannot be read; the count that is shown says what there is
  }
}

// A file from a folder has its path there, as when a folder is chosen by a button.
async function fileOf(entry) {
  const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
  const path = entry.fullPath.replace(/^\/+/, "");
  if (path.includes("/")) Object.defineProperty(file, "webkitRelativePath", { value: path });
  return file;
}

// A folder hands its entries out in portions, and ends with an empty one.
async function entriesOf(folder) {
  const reader = folder.createReader();
  const all = [];
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return all;
    all.push(...some);
  }
}

// Without what folders hold for the system itself: names that begin with a dot, and what lies below them.
export function visible(files) {
  const path = (file) => file.webkitRelativePath || file.name;
  return files.filter((file) => !path(file).split("/").some((part) => part.startsWith(".")));
}
