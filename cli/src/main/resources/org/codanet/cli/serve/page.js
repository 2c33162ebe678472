'use strict';
// The page of codanet serve: sends an image to /explain and shows the maps of its classes. It keeps nothing and loads nothing from elsewhere.
const MANY_CLASSES = 20;
const $ = id => document.getElementById(id);
const state = {image: null, answer: null, shown: null, cursor: null, request: 0, maps: new Map()};

function say(text, failed) {
  $('status').textContent = text;
  $('status').classList.toggle('failed', Boolean(failed));
}

async function call(path, options) {
  const headers = new Headers(options && options.headers);
  const token = $('token').value;
  if (token) headers.set('Authorization', 'Bearer ' + token);
  const answer = await fetch(path, {...options, headers});
  if (answer.ok) return answer.json();
  if (answer.status === 401) $('token-label').hidden = false;
  let reason = 'The server answered ' + answer.status + '.';
  try { reason = (await answer.json()).error; } catch (e) { /* The answer has no reason. */ }
  throw new Error(reason);
}

async function listModels() {
  const models = await call('v2/repository/index');
  $('model').replaceChildren(...models.map(model => new Option(model.name, model.name)));
  $('model-label').hidden = models.length < 2;
}

async function ask(target, against) {
  const query = new URLSearchParams({target, picture: '1'});
  if ($('model').value) query.set('model', $('model').value);
  if (against) query.set('against', against);
  return call('explain?' + query, {method: 'POST', body: state.image, headers: {'Content-Type': 'application/octet-stream', Accept: 'application/json'}});
}

async function explain(image) {
  state.image = image;
  const request = ++state.request;
  say('Explaining …');
  try {
    if (!$('model').options.length) await listModels();
    const few = await ask('top:1');
    const all = few.classes.length > MANY_CLASSES ? await ask('top:' + MANY_CLASSES) : await ask('index:all');
    if (request !== state.request) return; // A later image was chosen.
    state.answer = all;
    state.maps = new Map(all.explanations.map(map => [map.class + '/', map]));
    showClasses();
    $('input').src = all.input_png;
    await $('input').decode();
    $('result').hidden = false;
    show(all.classes[0].class, '');
    say('The predicted class is ' + all.classes[0].label + '.');
  } catch (error) {
    if (request === state.request) say(error.message, true);
  }
}

function showClasses() {
  const classes = state.answer.classes;
  $('classes').replaceChildren(...classes.map((one, rank) => {
    const label = document.createElement('label');
    label.className = 'class';
    const radio = document.createElement('input');
    radio.type = 'radio';
    radio.name = 'class';
    radio.value = one.class;
    radio.checked = rank === 0;
    radio.addEventListener('change', () => select());
    const name = document.createElement('span');
    name.textContent = one.label;
    const number = document.createElement('span');
    number.className = 'number';
    number.textContent = (100 * one.probability).toFixed(1) + ' %';
    const meter = document.createElement('meter');
    meter.min = 0;
    meter.max = 1;
    meter.value = one.probability;
    meter.textContent = number.textContent;
    label.append(radio, name, number, meter);
    return label;
  }));
  const byName = classes.slice().sort((a, b) => a.label.localeCompare(b.label));
  $('against').replaceChildren(new Option('nothing', ''), ...byName.map(one => new Option(one.label, one.class)));
}

async function select() {
  const chosen = document.querySelector('input[name="class"]:checked').value;
  const against = $('against').value === chosen ? '' : $('against').value;
  $('against').value = against;
  const request = ++state.request;
  try {
    await show(chosen, against, request);
  } catch (error) {
    if (request === state.request) say(error.message, true);
  }
}

async function show(chosen, against, request) {
  const key = chosen + '/' + against;
  if (!state.maps.has(key)) {
    say('Explaining …');
    const answer = await ask('index:' + chosen, against ? 'index:' + against : '');
    if (request !== state.request) return;
    state.maps.set(key, answer.explanations[0]);
    say('');
  }
  const map = state.shown = state.maps.get(key);
  const compared = map.against !== undefined;
  $('identity-title').textContent = map.label;
  $('value-name').textContent = compared ? 'Difference of the logits' : 'Logit';
  $('sum').textContent = map.sum.toFixed(4);
  $('bias').textContent = map.bias.toFixed(4);
  $('value').textContent = map.value.toFixed(4);
  $('error').textContent = map.error.toExponential(1) + ', ' + map.tolerance.toExponential(1);
  $('map').setAttribute('aria-label', 'Map of the contributions to ' + map.label + '. They add up to ' + map.sum.toFixed(2) + '.');
  const times = state.answer.timings_ms;
  $('timings').textContent = 'Decoded in ' + times.decode.toFixed(1) + ' ms, waited ' + times.queue.toFixed(1) + ' ms, explained all classes in '
    + times.compute.toFixed(1) + ' ms on ' + state.answer.device + '.';
  draw();
  tell();
}

/** White at 0; red for the class and blue against it, full at the 99.5th percentile of the magnitudes. */
function draw() {
  const map = state.shown;
  const canvas = $('map');
  const scale = Math.max(1, Math.ceil(448 / Math.max(map.width, map.height)));
  canvas.width = map.width * scale;
  canvas.height = map.height * scale;
  const magnitudes = map.contributions.map(Math.abs).sort((a, b) => a - b);
  const limit = magnitudes[Math.floor(0.995 * (magnitudes.length - 1))] || magnitudes[magnitudes.length - 1] || 1;
  const context = canvas.getContext('2d');
  map.contributions.forEach((value, i) => {
    const position = Math.max(-1, Math.min(1, value / limit));
    const pale = Math.round(255 * (1 - Math.abs(position)));
    context.fillStyle = position >= 0 ? 'rgb(255 ' + pale + ' ' + pale + ')' : 'rgb(' + pale + ' ' + pale + ' 255)';
    context.fillRect(i % map.width * scale, Math.floor(i / map.width) * scale, scale, scale);
  });
  if (state.cursor) {
    context.strokeStyle = '#000';
    context.lineWidth = Math.max(1, scale / 6);
    context.strokeRect(state.cursor.x * scale, state.cursor.y * scale, scale, scale);
  }
}

function tell() {
  const map = state.shown;
  if (!map || !state.cursor) return;
  state.cursor.x = Math.max(0, Math.min(map.width - 1, state.cursor.x));
  state.cursor.y = Math.max(0, Math.min(map.height - 1, state.cursor.y));
  const value = map.contributions[state.cursor.y * map.width + state.cursor.x];
  $('pixel').textContent = 'row ' + state.cursor.y + ', column ' + state.cursor.x + ': ' + (value < 0 ? '−' : '+') + Math.abs(value).toFixed(5);
  draw();
}

function point(event) {
  const map = state.shown;
  if (!map) return;
  const box = $('map').getBoundingClientRect();
  state.cursor = {
    x: Math.floor((event.clientX - box.left) / box.width * map.width),
    y: Math.floor((event.clientY - box.top) / box.height * map.height)
  };
  tell();
}

const STEPS = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]};

$('map').addEventListener('pointermove', point);
$('map').addEventListener('pointerdown', point);
$('map').addEventListener('keydown', event => {
  const step = STEPS[event.key];
  if (!step || !state.shown) return;
  event.preventDefault();
  const from = state.cursor || {x: Math.floor(state.shown.width / 2), y: Math.floor(state.shown.height / 2)};
  state.cursor = {x: from.x + step[0], y: from.y + step[1]};
  tell();
});
$('file').addEventListener('change', event => { if (event.target.files.length) explain(event.target.files[0]); });
$('against').addEventListener('change', select);
$('model').addEventListener('change', () => { if (state.image) explain(state.image); });
$('token').addEventListener('change', () => { if (state.image) explain(state.image); else listModels().then(() => say(''), error => say(error.message, true)); });
$('samples').addEventListener('click', async event => {
  const button = event.target.closest('button');
  if (button) explain(await (await fetch('samples/' + button.dataset.sample + '.png')).blob());
});
for (const kind of ['dragenter', 'dragover']) {
  $('drop').addEventListener(kind, event => { event.preventDefault(); $('drop').classList.add('over'); });
}
for (const kind of ['dragleave', 'drop']) {
  $('drop').addEventListener(kind, event => { event.preventDefault(); $('drop').classList.remove('over'); });
}
$('drop').addEventListener('drop', event => { if (event.dataTransfer.files.length) explain(event.dataTransfer.files[0]); });

// /#sample=ship shows a sample at once.
const wanted = /^#sample=(\w+)$/.exec(location.hash);
listModels().then(() => { if (wanted) document.querySelector('[data-sample="' + wanted[1] + '"]')?.click(); }, error => say(error.message, true));
