// Changes what has changed, and nothing else: no node is replaced whose text stays the same.

export function write(node, text) {
  if (node && node.textContent !== text) node.textContent = text;
}

export function mark(node, name, value) {
  if (node && node.dataset[name] !== value) node.dataset[name] = value;
}

export function show(node, shown) {
  if (node && node.hidden === shown) node.hidden = !shown;
}

// Brings the children of `parent` to `items`: `key` names one, `make` makes it, `fill` writes it.
export function rows(parent, items, key, make, fill) {
  const there = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  let before = null;
  for (const item of items) {
    const name = key(item);
    let child = there.get(name);
    if (child) there.delete(name);
    else {
      child = make();
      child.dataset.key = name;
    }
    fill(child, item);
    const place = before ? before.nextElementSibling : parent.firstElementChild;
    if (place !== child) parent.insertBefore(child, place);
    before = child;
  }
  for (const child of there.values()) child.remove();
}
