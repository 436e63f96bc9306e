// What an impulse answers to the clients of its program.
#ifndef THIMBLE_RUNNER_CONVERSATION_H_
#define THIMBLE_RUNNER_CONVERSATION_H_

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <string_view>

#include "base/aligned_memory.h"
#include "base/error.h"
#include "compiler/impulse_file.h"
#include "runner/eim_file.h"
#include "runtime/package.h"

namespace thimble::runner {

/// Requests and answers are those of Edge Impulse's runners, as docs/formats/eim.md lists them. Not thread-safe.
class Conversation {
 public:
  ///   kVerificationFailed  the plan is none, or not the model's
  ///   others               as BoundImpulse::Bind
  static Expected<Conversation> Open(const Eim& eim);

  /// Another client: the slices of the last one are forgotten, and what the network remembers.
  void Begin();

  /// One JSON object. Within its texts braces are written as \u007b and \u007d, for clients count them.
  std::string Answer(std::string_view request);

  /// The same to what was no request: there is no number to answer to.
  static std::string Refuse(const Error& error);

  /// Room for a window whose numbers are written out at length.
  size_t most_request_bytes() const;

 private:
  Conversation(Origin origin, compiler::BoundImpulse bound);

  Outcome OpenPlan(std::span<const std::byte> plan);
  /// The network's outputs from its inputs, by the plan.
  Status Invoke(const runtime::Network& network);
  nlohmann::ordered_json Hello() const;
  Expected<nlohmann::ordered_json> Classify(const nlohmann::ordered_json& numbers);
  Expected<nlohmann::ordered_json> ClassifyContinuous(const nlohmann::ordered_json& numbers);
  Expected<nlohmann::ordered_json> SetThreshold(const nlohmann::ordered_json& wish);
  Expected<nlohmann::ordered_json> AnswerTo(const nlohmann::ordered_json& request);
  /// The window, judged.
  Expected<nlohmann::ordered_json> Judge();

  Origin origin_;
  compiler::BoundImpulse bound_;
  AlignedMemory plan_, plan_arena_;
  runtime::PlannedPackage planned_;  ///< in them
  double threshold_ = 0;             ///< of the anomaly detector, for clients to compare with
  size_t filled_ = 0;                ///< numbers that slices have brought; no more than the window holds
};

}  // namespace thimble::runner

#endif  // THIMBLE_RUNNER_CONVERSATION_H_
