#include "cli/record_hand.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "base/processors.h"
#include "bridge/capture.h"
#include "bridge/sample_source.h"
#include "cli/firmware_image.h"
#include "cli/interrupt.h"
#include "simulator/hand.h"

namespace thimble::cli {
namespace {

using dataset::Recording;

/// One turn of the session: who does what.
struct Turn {
  const char* gesture;
  int person;  ///< from 1
};

Expected<Recording> Record(const HandSession& session, const Turn& turn, const std::string& firmware,
                           const std::atomic<bool>& stop) {
  bridge::LineOptions line;
  line.port = std::string("virtual:hand:") + turn.gesture + ":" + std::to_string(turn.person) +
              ":1:" + std::to_string(session.seed);
  line.firmware = firmware;
  line.cancelled = &stop;
  THIMBLE_ASSIGN(const auto source, bridge::OpenSampleSource(line));
  bridge::CaptureRequest request;
  request.label = turn.gesture;
  request.length_ms = session.seconds * 1000;
  // Every kit measures its own rate, but recordings that are learnt from together share one.
  request.interval_ms = 1000 / source->info().nominal_rate_hz;
  THIMBLE_ASSIGN(bridge::Captured captured, bridge::Capture(*source, request, {}, &stop));
  captured.recording.name = std::string(turn.gesture) + ".person" + std::to_string(turn.person);
  captured.recording.file = captured.recording.name;
  return std::move(captured.recording);
}

}  // namespace

Expected<dataset::Dataset> RecordHand(const HandSession& session,
                                      const std::function<bool(double share, const std::string& recording)>& progress) {
  THIMBLE_ASSIGN(const FirmwareImage image,
                 MakeFirmwareImage({.name = "sensor_dump", .impulse = {}, .board = "az3166"}));
  const int testers = session.people < 2 ? 0 : std::max(1, session.people / 4);
  std::vector<Turn> turns;
  for (int gesture = 0; gesture < simulator::kGestureCount; ++gesture) {
    for (int person = 1; person <= session.people; ++person) {
      turns.push_back({simulator::GestureName(static_cast<simulator::Gesture>(gesture)), person});
    }
  }

  // Boards know nothing of each other, so as many run at once as there are cores.
  std::vector<std::optional<Recording>> recordings(turns.size());
  std::atomic<bool> stop = false;
  std::atomic<size_t> next = 0, done = 0;
  std::mutex mutex;
  std::optional<Error> error;
  const auto work = [&] {
    for (size_t i = next++; i < turns.size() && !stop; i = next++) {
      Expected<Recording> recording = Record(session, turns[i], image.elf.string(), stop);
      if (recording.ok()) {
        recordings[i] = *std::move(recording);
        ++done;
      } else {
        const std::lock_guard lock(mutex);
        if (!error) error = recording.error();
        stop = true;
      }
    }
  };
  std::vector<std::thread> workers;
  for (int i = 0; i < UsableProcessors(); ++i) workers.emplace_back(work);
  while (done < turns.size() && !stop) {
    const Turn& turn = turns[std::min(done.load(), turns.size() - 1)];
    if (!progress(static_cast<double>(done) / static_cast<double>(turns.size()),
                  std::string(turn.gesture) + " by person " + std::to_string(turn.person))) {
      const std::lock_guard lock(mutex);
      if (!error) error = Error{Status::kCancelled, "stopped"};
      stop = true;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  for (std::thread& worker : workers) worker.join();
  if (error) {
    if (error->status == Status::kCancelled) THIMBLE_EXPECT(CheckInterrupt());
    return *error;
  }

  dataset::Dataset dataset;
  for (size_t i = 0; i < turns.size(); ++i) {
    recordings[i]->category =
        turns[i].person <= session.people - testers ? dataset::Category::kTraining : dataset::Category::kTesting;
    dataset.recordings.push_back(*std::move(recordings[i]));
  }
  dataset.notices.push_back("these recordings are simulated: " + std::to_string(session.people) +
                            " people who do not exist, of whom " + std::to_string(testers) +
                            " are only tested, hold a virtual AZ3166 that the bridge records");
  return dataset;
}

}  // namespace thimble::cli
