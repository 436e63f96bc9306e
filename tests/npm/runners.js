// Edge Impulse's runner for Linux, unchanged, with models that `thimble serve` builds as .eim: on request, and as one of
// a fleet that is watched and gets a new model.
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const net = require('node:net');
const path = require('node:path');

const kTarget = process.arch === 'arm64' ? 'runner-linux-aarch64' : 'runner-linux-x86_64';

function freePort() {
  return new Promise((resolve) => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

function startRunner({ start, modules, folder }, words) {
  const client = path.join(modules, 'node_modules/edge-impulse-linux/build/cli/linux/runner.js');
  const home = path.join(folder, 'runner');
  fs.mkdirSync(home, { recursive: true });
  return start(process.execPath, [client, ...words], { EI_HOST: 'localhost', HOME: home, HOST: '127.0.0.1' });
}

/// What its HTTP server answers, once it does.
async function ask(context, runner, port, target, body) {
  const options = body && { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) };
  return context.until('the runner', async () => {
    assert.equal(runner.exitCode, null, runner.said);
    const reply = await fetch(`http://127.0.0.1:${port}${target}`, options).catch(() => null);
    return reply && reply.json();
  });
}

/// It finds the trained impulse, builds and fetches it, and judges what it is sent; a copy of the file does the same.
async function judgeGestures(context, { api, apiKey, id, impulseId }) {
  const port = await freePort();
  const runner = startRunner(context, ['--api-key', apiKey, '--run-http-server', `${port}`]);
  const { project, modelParameters } = await ask(context, runner, port, '/api/info');
  assert.match(runner.said, /Created build job/);
  assert.match(runner.said, /\[BLD\].*bytes/, 'no line of the build came by socket.io');
  const which = { type: kTarget, modelType: 'int8', impulseId };
  const { version } = await api.deployment.getDeployment(id, which);
  assert.deepEqual(project, { id, name: 'gestures', owner: 'local', deploy_version: version });
  assert.equal(modelParameters.sensorType, 'accelerometer');
  assert.equal(modelParameters.axis_count, 3);
  assert.equal(modelParameters.frequency, 50);
  assert.deepEqual(modelParameters.labels, ['idle', 'wave']);

  const windowOf = (swing) => {
    const features = [];
    for (let k = 0; k < modelParameters.input_features_count / 3; ++k) {
      features.push(swing * Math.sin(k / 3) + Math.sin(k * 7) / 10, Math.cos(k * 5) / 10, 9.81);
    }
    return { features };
  };
  const idle = await ask(context, runner, port, '/api/features', windowOf(0));
  const wave = await ask(context, runner, port, '/api/features', windowOf(5));
  assert.ok(idle.result.classification.idle > 0.5, JSON.stringify(idle));
  assert.ok(wave.result.classification.wave > 0.5, JSON.stringify(wave));
  await context.stop(runner);

  const file = path.join(context.folder, 'gestures.eim');
  fs.writeFileSync(file, await api.deployment.downloadBuild(id, which));
  const copy_port = await freePort();
  const copy = startRunner(context, ['--model-file', file, '--run-http-server', `${copy_port}`]);
  assert.deepEqual((await ask(context, copy, copy_port, '/api/features', windowOf(5))).result, wave.result);
  await context.stop(copy);
}

/// Two colours that anybody could tell apart.
async function takePictures({ modules, folder }, sharp, apiKey) {
  for (let i = 0; i < 24; ++i) {
    const label = i % 2 ? 'red' : 'blue';
    const shade = 180 + i;
    const background = { r: label === 'red' ? shade : 30, g: 30 + i, b: label === 'red' ? 30 : shade };
    const picture = await sharp({ create: { width: 24, height: 24, channels: 3, background } }).jpeg().toBuffer();
    const form = new FormData();
    form.append('data', new Blob([picture]), `${label}.${i}.jpg`);
    const reply = await fetch(`http://localhost:4810/api/${i < 16 ? 'training' : 'testing'}/files`, {
      method: 'POST',
      headers: { 'x-api-key': apiKey, 'x-label': label },
      body: form,
    });
    assert.equal(reply.status, 200, await reply.text());
    if (label === 'red') fs.writeFileSync(path.join(folder, 'red.jpg'), picture);
  }
}

/// A camera that judges what it sees: the studio watches it, recalls what it saw before, and gives it a new model.
async function watchCamera(context, { EdgeImpulseApi, sharp, deviceId, follow }) {
  const { until, folder } = context;
  const post = (target, body) => context.ask(target, body);
  const { apiKey, id } = await post('/v1/api/projects/create', { projectName: 'colours' });
  const api = new EdgeImpulseApi({ endpoint: 'http://localhost:4800' });
  await api.authenticate({ method: 'apiKey', apiKey });
  await takePictures(context, sharp, apiKey);
  const design = { network: { architecture: 'dense' }, training: { epochs: 10, augmentation: false } };
  const { id: impulseId } = await post(`/api/v1/projects/${id}/impulses`, { name: 'colours', design });
  await follow(api, id, await api.jobs.startRetrainJob(id, { impulseId }));
  // A device that has no name of its own makes the runner ask for one.
  await api.devices.createDevice(id, { deviceId, deviceType: 'EDGE_IMPULSE_LINUX', ifNotExists: true });
  await api.devices.renameDevice(id, deviceId, { name: 'kitchen' });
  // It sums up once a minute, or as often as its file of settings says.
  const settings = path.join(folder, 'runner', 'edge-impulse-config.json');
  const config = JSON.parse(fs.readFileSync(settings));
  config.linuxProjectId = undefined;
  config.runner.monitorSummaryIntervalMs = 1500;
  fs.writeFileSync(settings, JSON.stringify(config));

  const words = ['--api-key', apiKey, '--fake-camera', path.join(folder, 'red.jpg'), '--monitor'];
  const preview = ['--preview-host', '127.0.0.1', '--preview-port', `${await freePort()}`];
  const runner = startRunner(context, [...words, ...preview]);
  const base = `/api/v1/projects/${id}/live-devices`;
  const get = async (target) => (await fetch('http://localhost:4800' + base + target)).json();
  const device = `/${encodeURIComponent(deviceId)}`;
  const model = async () => {
    assert.equal(runner.exitCode, null, runner.said);
    return (await get('')).devices.find((one) => one.device_id === deviceId && one.inference)?.model;
  };
  const which = { type: kTarget, modelType: 'int8', impulseId };
  const first = await until('the camera with its model', model);
  assert.equal(first.deploymentVersion, (await api.deployment.getDeployment(id, which)).version);
  await until('its first answers', () => runner.said.includes('classifyRes'));

  await post(base + device + '/inference', { on: true });
  const records = await until('streamed answers', async () => {
    const { items } = await get(device + '/records');
    return items.length >= 3 && items;
  });
  assert.equal(records[0].media, 'jpg');
  assert.ok(records[0].record.result.classification.red > 0.5, JSON.stringify(records[0].record));
  await post(base + device + '/inference', { on: false });
  const earlier = records.at(-1).number - 1;
  await post(base + device + '/records', { first: earlier, last: earlier });
  await until('an answer from before', async () =>
    (await get(device + '/records')).items.some((one) => one.number === earlier));
  const [{ summary }] = await until('a summary', async () => {
    const { items } = await get(device + '/summaries');
    return items.length && items;
  });
  assert.ok(summary.classificationCounter.some((one) => one.label === 'red' && one.value > 0), JSON.stringify(summary));

  const build = { engine: 'tflite-eon', modelType: 'int8' };
  await follow(api, id, await api.jobs.buildOnDeviceModelJob(id, build, which));
  const { version } = await api.deployment.getDeployment(id, which);
  assert.ok(version > first.deploymentVersion);
  await post(base + device + '/model', {});
  await until('the new model', async () => (await model())?.deploymentVersion === version);
  await context.stop(runner);
}

module.exports = { judgeGestures, watchCamera };
