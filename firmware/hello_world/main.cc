// Hello, world: a network that has learnt the sine draws it.
//
// A point walks around the circle; the network says how high it is. Each step is a line for a serial plotter, and where
// there is more to see (stage.h), a light and a curve.
#include <numbers>

#include "base/fixed_point.h"
#include "firmware/board.h"
#include "firmware/hello_world/stage.h"
#include "firmware/text.h"
#include "runtime/linked_plan.h"
#include "runtime/planned_network.h"

using namespace thimble;
using namespace thimble::firmware;

namespace {

void Say(std::string_view text) { Write(std::as_bytes(std::span(text))); }

constinit runtime::PlannedNetwork network;

/// As runtime/session.h hands a feature to a network and its answer to people.
float Sine(float x) {
  const kernels::Tensor input = network.input(0);
  if (input.type == kernels::Type::kInt8) {
    *input.As<int8_t>() = static_cast<int8_t>(Quantise(x, input.Scale(), input.zero_point, -128, 127));
  } else {
    *input.As<float>() = x;
  }
  (void)network.Invoke();
  const kernels::Tensor output = network.output(0);
  if (output.type != kernels::Type::kInt8) return *output.As<float>();
  return static_cast<float>(*output.As<int8_t>() - output.zero_point) * output.Scale();
}

bool IsOneNumber(const kernels::Tensor& tensor) {
  const bool number = tensor.type == kernels::Type::kFloat32 || tensor.type == kernels::Type::kInt8;
  return number && tensor.shape.Count() == 1;
}

}  // namespace

void Main() {
  Stage& stage = SetUpStage();
  const bool fits = ok(network.Start(runtime::kLinkedPlan, runtime::kLinkedPlanArena)) && network.input_count() == 1 &&
                    network.output_count() == 1 && IsOneNumber(network.input(0)) && IsOneNumber(network.output(0));
  if (!fits) return Say("this network is no curve: it must have one number in and one out\r\n");
  while (true) {
    for (int step = 0; step < kStepsPerTurn; ++step) {
      const float x = 2 * std::numbers::pi_v<float> * static_cast<float>(step) / kStepsPerTurn;
      StartTicks();
      const float sine = Sine(x);
      const uint32_t ticks = Ticks();
      Text<64> line;
      line << "x:";
      line.Fixed(x, 2) << ",sine:";
      line.Fixed(sine, 4) << "\r\n";
      Write(line.bytes());
      stage.Show(step, x, sine, ticks);
    }
  }
}
