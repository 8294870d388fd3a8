"use strict";
// Counts what goes wrong, so that a test can read it off the page.
const root = document.documentElement;
root.dataset.errors = "0";
const wrong = () => { root.dataset.errors = String(Number(root.dataset.errors) + 1); };
addEventListener("error", wrong, true);
addEventListener("unhandledrejection", wrong);
addEventListener("securitypolicyviolation", wrong);

// A picture is enlarged by a click, and put back by another one or by Escape.
const dialog = document.querySelector("dialog");
for (const picture of document.querySelectorAll("figure img")) {
  picture.addEventListener("click", () => {
    const large = dialog.querySelector("img");
    large.src = picture.src;
    large.alt = picture.alt;
    dialog.showModal();
  });
}
dialog.addEventListener("click", () => dialog.close());

// A table is sorted by the column whose name is clicked; empty cells stay last.
function sort(table, column, down) {
  const worth = (row) => {
    const cell = row.cells[column];
    const text = cell.textContent.trim();
    return text === "" ? null : cell.dataset.value === undefined ? text : Number(cell.dataset.value);
  };
  const compare = (a, b) => {
    const [x, y] = [worth(a), worth(b)];
    if (x === null || y === null) return (x === null) - (y === null);
    const order = typeof x === "number" && typeof y === "number" ? x - y : String(x).localeCompare(String(y));
    return down ? -order : order;
  };
  table.tBodies[0].append(...[...table.tBodies[0].rows].sort(compare));
}
for (const table of document.querySelectorAll("table.sortable")) {
  [...table.tHead.rows[0].cells].forEach((head, column) => {
    head.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      sort(table, column, down);
    });
  });
}

// The link of the section that is read is marked.
const links = new Map([...document.querySelectorAll("nav a")].map((link) => [link.hash.slice(1), link]));
const seen = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    if (!entry.isIntersecting) continue;
    for (const link of links.values()) link.classList.remove("here");
    links.get(entry.target.id)?.classList.add("here");
  }
}, { rootMargin: "-20% 0px -70% 0px" });
for (const section of document.querySelectorAll("section")) seen.observe(section);

addEventListener("load", () => {
  const pictures = [...document.querySelectorAll("figure img")];
  const drawn = pictures.filter((one) => one.complete && one.naturalWidth > 0).length;
  root.dataset.pictures = `${drawn}/${pictures.length}`;
  // A picture may have failed before this script ran and could hear of it.
  root.dataset.errors = String(Math.max(Number(root.dataset.errors), pictures.length - drawn));
});
