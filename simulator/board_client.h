// Talks with the applications of firmware/ over a link: recordings in, verdicts out; or a model's inputs and outputs.
#ifndef THIMBLE_SIMULATOR_BOARD_CLIENT_H_
#define THIMBLE_SIMULATOR_BOARD_CLIENT_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "simulator/board_link.h"
#include "wire/message.h"

namespace thimble::simulator {

struct ClientOptions {
  /// How long a board may be silent. It says nothing while it computes, so this bounds one inference as well.
  int timeout_ms = 20'000;
  /// Becomes true to give up at the next opportunity, within 100 ms, with kCancelled. May be null.
  const std::atomic<bool>* cancel = nullptr;
};

/// wire::About, with its own memory.
struct BoardAbout {
  std::string board;
  std::string impulse;
  int axes = 0;
  int window_readings = 0;
  int stride_readings = 0;
  float rate_hz = 0;
  int feature_count = 0;
  int label_count = 0;
  size_t input_bytes = 0;
  size_t output_bytes = 0;
  size_t arena_bytes = 0;
  uint32_t tick_hz = 0;
  int instructions_per_tick = 0;  ///< 0: ticks count time
};

/// wire::Verdict, with its own memory. A count of instructions is a multiple of instructions_per_tick, rounded down,
/// and the same in every run.
struct BoardVerdict {
  int window = 0;
  uint64_t features_hash = 0;  ///< Fnv1a of the float32 features
  int label = -1;
  uint64_t dsp_instructions = 0;  ///< 0 on a board that does not count instructions
  uint64_t network_instructions = 0;
  uint64_t dsp_cycles = 0;  ///< ticks of BoardAbout::tick_hz; 0 on a board whose ticks do not count time
  uint64_t network_cycles = 0;
  std::vector<std::byte> raw_scores;
  std::optional<float> anomaly_score;  ///< of an impulse with an anomaly detector
  bool strange = false;                ///< above its threshold
};

struct ModelRun {
  std::vector<std::byte> output;
  uint64_t instructions = 0;
};

class BoardClient {
 public:
  /// `link` must outlive the client.
  explicit BoardClient(BoardLink& link, ClientOptions options = {});

  /// Who is there. Does not need to be called before the others.
  Expected<BoardAbout> Introduce();

  /// The verdict of every window of one recording, whose samples are interleaved by reading.
  Expected<std::vector<BoardVerdict>> Judge(std::span<const float> samples);

  /// One inference of the model runner, with all inputs end to end.
  Expected<ModelRun> RunModel(std::span<const std::byte> input);

  // The same in steps, to look at each layer: Reset, WriteInput, InvokeLayers from the first operator to the last.

  /// Forgets what earlier inferences left in variables.
  Outcome Reset();
  /// All inputs, end to end.
  Outcome WriteInput(std::span<const std::byte> input);
  /// Runs operators `first` to `first + count - 1`, at most wire::kMostLayers, and gives runtime::HashOf each.
  Expected<std::vector<uint64_t>> InvokeLayers(int first, int count);
  /// All that the operator that ran last has written, which is `bytes` long.
  Expected<std::vector<std::byte>> ReadLayer(int layer, size_t bytes);

  /// dsp::Fingerprint as the board computes it.
  Expected<uint64_t> Prove();

 private:
  template <typename Message>
  Outcome Send(const Message& message);
  Expected<wire::Frame> Receive();
  template <typename Message>
  Expected<Message> ReceiveThe();
  Outcome Know();
  template <typename Ask>
  Expected<std::vector<std::byte>> ReadPieces(size_t bytes, Ask ask);
  Error Broken(std::string what) const;

  BoardLink& link_;
  ClientOptions options_;
  bool known_ = false;
  BoardAbout about_;
  std::vector<std::byte> body_;
  wire::Decoder decoder_;
  std::vector<std::byte> outgoing_;
  std::vector<std::byte> incoming_;
  std::span<const std::byte> unread_;
};

}  // namespace thimble::simulator

#endif  // THIMBLE_SIMULATOR_BOARD_CLIENT_H_
