// The data set by Edge Impulse's typed client, unchanged: readings, labels, categories, cutting, many at once.
'use strict';

const assert = require('node:assert/strict');

/// A project of its own: three knocks on a table that is otherwise still, 20 s at 100 Hz, and the same a bit harder.
async function bringKnocks({ ask, DataForwarder }) {
  const { id, apiKey } = await ask('/v1/api/projects/create', { projectName: 'knocks' });
  for (const [label, size] of [
    ['knock', 4],
    ['bang', 5],
  ]) {
    const forwarder = new DataForwarder({
      deviceId: 'table',
      deviceType: 'journey',
      host: 'localhost',
      apiKey,
      hmacKey: '0'.repeat(32),
      intervalMs: 10,
      sensors: [{ name: 'accZ', units: 'm/s2' }],
    });
    for (let k = 0; k < 2000; ++k) {
      const knocked = k % 600 > 300 && k % 600 < 320;
      forwarder.addData([9.81 + Math.sin(k * 7) / 100 + (knocked ? size * Math.sin(k * 2) : 0)]);
    }
    await forwarder.upload({ filename: `${label}.1`, label, category: 'training' });
  }
  return { id, apiKey };
}

async function changeSamples({ ask, DataForwarder, EdgeImpulseApi }) {
  const { id, apiKey } = await bringKnocks({ ask, DataForwarder });
  const as = async (key) => {
    const api = new EdgeImpulseApi({ endpoint: 'http://localhost:4800' });
    await api.authenticate({ method: 'apiKey', apiKey: key });
    return api;
  };
  const api = await as(apiKey);
  const { rawData } = api;
  const { key } = await ask(`/api/v1/projects/${id}/keys`, { name: 'looker', role: 'readonly' });
  const reader = await as(key);
  assert.equal((await reader.projects.listProjects()).projects[0].name, 'knocks');
  assert.equal((await reader.impulse.getAllImpulses(id)).impulses.length, 0);

  const [second, first] = (await reader.rawData.listSamples(id, { category: 'all' })).samples;
  const got = await reader.rawData.getSample(id, first.id, {});
  assert.ok(got.sample.created instanceof Date);
  assert.equal(got.totalPayloadLength, 2000);
  assert.equal(got.payload.values.length, 2000);
  assert.ok(Math.abs(got.payload.values[0][0] - 9.81) < 0.1);
  assert.equal((await reader.rawData.getSample(id, first.id, { limitPayloadValues: 50 })).payload.values.length, 50);
  await assert.rejects(reader.rawData.editLabel(id, first.id, { label: 'x' }), /readonly/);

  await rawData.editLabel(id, first.id, { label: 'tap' });
  await rawData.renameSample(id, first.id, { name: 'first' });
  await rawData.moveSample(id, first.id, { newCategory: 'testing' });
  await rawData.disableSample(id, first.id);
  await rawData.setSampleMetadata(id, first.id, { metadata: { table: 'oak' } });
  const structuredLabels = [{ startIndex: 0, endIndex: 999, label: 'tap' }];
  await rawData.setSampleStructuredLabels(id, first.id, { structuredLabels });
  const { sample } = await rawData.getSample(id, first.id, {});
  assert.deepEqual(
    [sample.label, sample.filename, sample.category, sample.isDisabled, sample.metadata, sample.structuredLabels],
    ['tap', 'first', 'testing', true, { table: 'oak' }, structuredLabels],
  );
  await rawData.enableSample(id, first.id);

  const wish = { shiftSegments: false, segmentLengthMs: 1000 };
  const { segments } = await rawData.findSegmentsInSample(id, second.id, wish, {});
  assert.equal(segments.length, 3, JSON.stringify(segments));
  assert.ok(segments.every((segment, i) => segment.startMs < 6000 * i + 3010 && segment.endMs > 6000 * i + 3190));
  await rawData.segmentSample(id, second.id, { segments });
  assert.equal((await rawData.countSamples(id, { category: 'training' })).count, 3);
  await rawData.cropSample(id, first.id, { cropStart: 500, cropEnd: 1500 }, {});
  const cropped = await rawData.getSample(id, first.id, {});
  assert.equal(cropped.totalPayloadLength, 1000);
  assert.equal(cropped.sample.structuredLabels[0].endIndex, 499);

  await rawData.batchEditLabels(id, { label: 'knocking' }, { category: 'training' });
  const labels = JSON.stringify(['knocking']);
  assert.equal((await rawData.countSamples(id, { category: 'all', labels })).count, 3);
  await assert.rejects(rawData.batchDelete(id, { category: 'all', search: 'oak' }), /cannot be chosen by search/);
  const { ratio } = await rawData.rebalanceDataset(id);
  assert.equal(ratio.training + ratio.testing, 4);
  await rawData.deleteSample(id, first.id);
  await rawData.deleteAllSamples(id);
  assert.equal((await rawData.countSamples(id, { category: 'all' })).count, 0);
}

module.exports = { changeSamples };
