// Edge Impulse's own clients, unchanged, against `thimble serve` on the ports that they know.
//   node clients.js THIMBLE NODE_MODULES FOLDER [OPTIONS OF THIMBLE SERVE...]
// Ends with 0 when all of them did what they should, else with 1 and why.
'use strict';

const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { createRequire } = require('node:module');
const { judgeGestures, watchCamera } = require('./runners.js');
const { changeSamples } = require('./samples.js');

const [thimble, modules, folder, ...serveOptions] = process.argv.slice(2);
const fromModules = createRequire(path.join(modules, 'clients.js'));
const children = [];

function start(command, words, environment = {}) {
  const child = spawn(command, words, {
    cwd: folder,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.said = '';
  child.stdout.on('data', (bytes) => (child.said += bytes));
  child.stderr.on('data', (bytes) => (child.said += bytes));
  children.push(child);
  return child;
}

async function stop(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGINT');
  await new Promise((resolve) => child.once('exit', resolve));
}

async function until(what, look) {
  for (const end = Date.now() + 30_000; Date.now() < end; ) {
    const found = await look();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${what}: not within 30 s`);
}

async function ask(target, body) {
  const reply = await fetch('http://localhost:4800' + target, { method: 'POST', body: JSON.stringify(body) });
  const text = await reply.text();
  assert.ok(reply.ok, `${target}: ${text}`);
  return text && JSON.parse(text);
}

// Two gestures that anybody could tell apart.
async function forward(DataForwarder, apiKey, hmacKey) {
  for (let i = 0; i < 12; ++i) {
    const label = i % 2 ? 'wave' : 'idle';
    const forwarder = new DataForwarder({
      deviceId: 'desk',
      deviceType: 'journey',
      host: 'localhost',
      apiKey,
      hmacKey,
      intervalMs: 20,
      sensors: ['accX', 'accY', 'accZ'].map((name) => ({ name, units: 'm/s2' })),
    });
    for (let k = 0; k < 150; ++k) {
      const swing = label === 'wave' ? 5 * Math.sin(k / 3 + i) : 0;
      forwarder.addData([swing + Math.sin(k * 7 + i) / 10, Math.cos(k * 5 + i) / 10, 9.81]);
    }
    const name = await forwarder.upload({ filename: `${label}.${i}`, label, category: i < 8 ? 'training' : 'testing' });
    assert.ok(name.startsWith(label), name);
  }
}

async function run() {
  const server = start(thimble, ['serve', '--data-dir', path.join(folder, 'data'), '--json', ...serveOptions]);
  await until('the server', () => server.said.includes('\n') || server.exitCode !== null);
  assert.equal(server.exitCode, null, server.said);
  const { apiKey } = await ask('/v1/api/projects/create', { projectName: 'gestures' });

  // The typed client.
  const { EdgeImpulseApi } = fromModules('edge-impulse-api');
  const api = new EdgeImpulseApi({ endpoint: 'http://localhost:4800' });
  await api.authenticate({ method: 'apiKey', apiKey });
  const { projects } = await api.projects.listProjects();
  assert.equal(projects.length, 1);
  const id = projects[0].id;
  const { project } = await api.projects.getProjectInfo(id, {});
  assert.equal(project.name, 'gestures');
  assert.equal(project.whitelabelId, null);
  assert.ok(project.created instanceof Date);
  const { hmacKey } = await api.projects.getHmacDevkey(id);
  const stranger = new EdgeImpulseApi({ endpoint: 'http://localhost:4800' });
  await stranger.authenticate({ method: 'apiKey', apiKey: 'ei_nonsense' });
  await assert.rejects(stranger.projects.listProjects(), /Invalid API key/);

  // The library that uploads.
  const { DataForwarder } = fromModules('edge-impulse-linux');
  await forward(DataForwarder, apiKey, hmacKey);
  const { samples, totalCount } = await api.rawData.listSamples(id, { category: 'training', limit: 3 });
  assert.equal(totalCount, 8);
  assert.equal(samples.length, 3);
  assert.ok(samples.every((sample) => sample.signatureValidate && sample.sensors.length === 3));
  await assert.rejects(forward(DataForwarder, apiKey, hmacKey), 'duplicates are refused');

  await changeSamples({ ask, DataForwarder, EdgeImpulseApi });

  // Training and building, with the lines of the jobs by socket.io.
  const design = {
    window_ms: 1000,
    stride_ms: 500,
    block: { name: 'flatten' },
    training: { epochs: 20, augmentation: false },
  };
  await ask(`/api/v1/projects/${id}/impulses`, { name: 'shake', design });
  const { impulses } = await api.impulse.getAllImpulses(id);
  assert.equal(impulses[0].name, 'shake');
  const impulseId = impulses[0].id;
  const follow = async (client, projectId, job) => {
    let lines = '';
    const which = { type: 'project', projectId, jobId: job.id };
    try {
      await client.runJobUntilCompletion(which, (text) => (lines += text));
    } catch (error) {
      throw new Error(`job ${job.id}: ${error.message}\n${lines}`);
    }
    return lines.replace('Connected to job\n', '');
  };
  assert.notEqual(await follow(api, id, await api.jobs.startRetrainJob(id, { impulseId })), '', 'no line came by socket.io');
  const { targets } = await api.deployment.listDeploymentTargetsForProjectDataSources(id, { impulseId });
  const { preferredEngine } = targets.find((target) => target.format === 'zip');
  const type = 'zip';
  assert.equal((await api.deployment.getDeployment(id, { type, impulseId })).hasDeployment, false);
  const build = { engine: preferredEngine, modelType: 'int8' };
  await follow(api, id, await api.jobs.buildOnDeviceModelJob(id, build, { type, impulseId }));
  assert.equal((await api.deployment.getDeployment(id, { type, impulseId })).hasDeployment, true);
  const archive = await api.deployment.downloadBuild(id, { type, impulseId });
  assert.equal(archive.subarray(0, 2).toString(), 'PK');

  // The camera of a Linux device.
  const picture = path.join(folder, 'picture.jpg');
  const background = { r: 200, g: 40, b: 40 };
  await fromModules('sharp')({ create: { width: 64, height: 48, channels: 3, background } }).jpeg().toFile(picture);
  const client = path.join(modules, 'node_modules/edge-impulse-linux/build/cli/linux/linux.js');
  const words = ['--api-key', apiKey, '--fake-camera', picture, '--disable-microphone', '--dont-prompt-for-device-name'];
  const camera = start(process.execPath, [client, ...words], { EI_HOST: 'localhost', HOME: folder });
  const device = await until('the camera', async () => {
    assert.equal(camera.exitCode, null, camera.said);
    return (await api.devices.listDevices(id)).devices.find((one) => one.remote_mgmt_connected);
  });
  assert.ok(device.sensors[0].name.startsWith('Camera'), device.sensors);
  await api.devices.startSampling(id, device.deviceId, {
    label: 'red',
    lengthMs: 1000,
    intervalMs: 16,
    category: 'testing',
    sensor: device.sensors[0].name,
  });
  const shot = await until('the picture', async () => {
    const all = await api.rawData.listSamples(id, { category: 'testing' });
    return all.samples.find((sample) => sample.label === 'red');
  });
  assert.equal(shot.chartType, 'image');
  assert.equal(fs.existsSync(path.join(folder, 'edge-impulse-config.json')), true, 'the client has used our folder');
  await stop(camera);

  // The runner, with models of ours.
  const context = { start, stop, until, ask, modules, folder };
  await judgeGestures(context, { api, apiKey, id, impulseId });
  const sharp = fromModules('sharp');
  await watchCamera(context, { EdgeImpulseApi, sharp, deviceId: device.deviceId, follow });
}

run()
  .then(() => 0)
  .catch((error) => {
    console.log(error.stack || error);
    for (const child of children) console.log(child.said);
    return 1;
  })
  .then(async (status) => {
    for (const child of children.reverse()) await stop(child);
    process.exit(status);
  });
