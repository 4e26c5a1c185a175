// WordPress' own block editor, asked what it thinks of posts:  node wordpress_editor.js SITE <posts >answer
// SITE is a folder that wordpress.sh has prepared. In: {"name": "markup"}. Out: {"posts": {"name": {"problems", "saved"}},
// "made": {"name": "markup"}}: what it would not open as it stands, what it would save; and every block of its own.
'use strict';
const fs = require('fs'), path = require('path'), vm = require('vm');
const site = process.argv[2];
const { JSDOM, VirtualConsole } = require(require.resolve('jsdom', { paths: [site] }));

const dom = new JSDOM('<!doctype html><body></body>', {
  runScripts: 'outside-only', pretendToBeVisual: true, url: 'http://127.0.0.1/', virtualConsole: new VirtualConsole(),
});
// What browsers have, jsdom has not, and the scripts ask for while they load. Nothing is fetched.
class Observer { observe() {} unobserve() {} disconnect() {} }
Object.assign(dom.window, {
  TextEncoder, TextDecoder, structuredClone, ResizeObserver: Observer, IntersectionObserver: Observer,
  matchMedia: () => ({ matches: false, addListener() {}, removeListener() {}, addEventListener() {}, removeEventListener() {} }),
  fetch: () => new Promise(() => {}),
});
Object.defineProperty(dom.window, 'crypto', { value: require('crypto').webcrypto });

const scripts = fs.readFileSync(path.join(site, '.editor.html'), 'utf8');
for (const [, tag, inline] of scripts.matchAll(/<script\b([^>]*)>([^]*?)<\/script>/g)) {
  const [, src] = tag.match(/\ssrc=["']https?:\/\/[^/]+([^"'?]+)/) ?? [];
  vm.runInContext(src ? fs.readFileSync(path.join(site, src), 'utf8') : inline, dom.getInternalVMContext(), { filename: src });
}
const { blocks, blockLibrary } = dom.window.wp;
blockLibrary.registerCoreBlocks();

function* problems(found, within = '') {
  for (const it of found) {
    const at = within + it.name;
    if (!it.isValid) yield `${at} has unexpected content: ${it.originalContent}`;
    if (it.name === 'core/missing' || it.name === 'core/freeform') yield `${at}: ${it.originalContent}`;
    yield* problems(it.innerBlocks, `${at} > `);
  }
}
function judged(markup) {
  const found = blocks.parse(markup);
  return { problems: [...problems(found)], saved: blocks.serialize(found) };
}

const made = {};
function make(name, attributes = {}, inner = []) {
  return blocks.createBlock(name, attributes, inner.map(it => Array.isArray(it) ? make(...it) : make(it.name, it.attributes, it.innerBlocks)));
}
for (const { name, attributes, example } of blocks.getBlockTypes()) {
  const shown = { ...example?.attributes }, inner = example?.innerBlocks;
  const said = { '': {}, anchor: { anchor: 'here' }, className: { className: 'mine' }, align: { align: 'wide' }, textAlign: { textAlign: 'center' } };
  made[name] = make(name);
  for (const [key, more] of Object.entries(said)) {
    if (!key || attributes[key]) made[`${name} ${key}`] = make(name, { ...shown, ...more }, inner);
  }
  for (const it of blocks.getBlockVariations(name) ?? []) made[`${name} as ${it.name}`] = make(name, it.attributes, it.innerBlocks);
}
const answer = { posts: {}, made: {} };
for (const [name, markup] of Object.entries(JSON.parse(fs.readFileSync(0, 'utf8')))) answer.posts[name] = judged(markup);
for (const [name, block] of Object.entries(made)) {
  const markup = blocks.serialize([block]);
  if (markup && !judged(markup).problems.length) answer.made[name] = markup;
}
process.stdout.write(JSON.stringify(answer), () => dom.window.close());
