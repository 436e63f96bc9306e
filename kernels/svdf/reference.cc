#include "kernels/svdf/op.h"

namespace thimble::kernels {
namespace {

Multiplier FloatMultiplier(float scale) { return QuantiseRatio(scale, 1, 1); }

template <typename State>
struct Integers {
  using Value = int8_t;
  const Tensor &x, &state, &bias, &y;
  const Svdf::Scales scales;

  explicit Integers(const Call& call)
      : x(call.in[0]), state(call.in[4]), bias(call.in[3]), y(call.out[0]), scales(Svdf::ScalesOf(call)) {}

  static int32_t Add(int32_t a, int32_t b) { return WrapAdd(a, b); }
  int32_t Bias(int32_t unit) const { return static_cast<int32_t>(BiasAt(bias, unit)); }
  int32_t AddFeature(int32_t sum, int8_t value, int8_t weight) const {
    return WrapAdd(sum, (value - x.zero_point) * weight);
  }
  State Remember(int32_t sum) const {
    return static_cast<State>(
        StoredRange(Activation::kNone, state).Clamp(WrapAdd(Scale(sum, scales.to_state), state.zero_point)));
  }
  int32_t AddMoment(int32_t sum, State moment, State weight) const {
    return WrapAdd(sum, WrapMultiply(moment - state.zero_point, weight));
  }
  int8_t Output(int32_t sum) const {
    return static_cast<int8_t>(Clamp(WrapAdd(Scale(sum, scales.to_output), y.zero_point), -128, 127));
  }
};

struct Reals {
  using Value = float;
  const Tensor& bias;
  const Range<float> range;

  static float Add(float a, float b) { return a + b; }
  float Bias(int32_t unit) const { return bias.present() ? bias.As<float>()[unit] : 0; }
  static float AddFeature(float sum, float value, float weight) { return sum + value * weight; }
  static float Remember(float sum) { return sum; }
  static float AddMoment(float sum, float moment, float weight) { return sum + moment * weight; }
  float Output(float sum) const { return range.Clamp(sum); }
};

template <typename State, typename Sum, typename Arithmetic>
void Run(const Svdf::Params& params, const Call& call, const Arithmetic& arithmetic) {
  using Value = typename Arithmetic::Value;
  const int32_t batches = call.in[0].shape[0], inputs = call.in[0].shape[1];
  const int32_t filters = call.in[1].shape[0], moments = call.in[2].shape[1];
  auto* y = call.out[0].As<Value>();
  for (int32_t b = 0; b < batches; ++b) {
    const Value* x = call.in[0].As<Value>() + b * inputs;
    State* state = call.in[4].As<State>() + b * filters * moments;
    for (int32_t f = 0; f < filters; ++y) {
      Sum output = arithmetic.Bias(f / params.rank);
      for (int32_t r = 0; r < params.rank; ++r, ++f, state += moments) {
        const Value* weights = call.in[1].As<Value>() + f * inputs;
        Sum feature = 0;
        for (int32_t i = 0; i < inputs; ++i) feature = arithmetic.AddFeature(feature, x[i], weights[i]);
        for (int32_t m = 0; m + 1 < moments; ++m) state[m] = state[m + 1];
        state[moments - 1] = arithmetic.Remember(feature);
        const State* time = call.in[2].As<State>() + f * moments;
        Sum sum = 0;
        for (int32_t m = 0; m < moments; ++m) sum = arithmetic.AddMoment(sum, state[m], time[m]);
        output = Arithmetic::Add(output, sum);
      }
      *y = arithmetic.Output(output);
    }
  }
}

}  // namespace

Svdf::Scales Svdf::ScalesOf(const Call& call) {
  const Tensor &x = call.in[0], &w = call.in[1], &time = call.in[2], &state = call.in[4], &y = call.out[0];
  return {FloatMultiplier(x.Scale() * w.Scale() / state.Scale()),
          FloatMultiplier(state.Scale() * time.Scale() / y.Scale())};
}

Reason Svdf::Check(const Params& params, const Call& call) {
  THIMBLE_REQUIRE(call.in.size() == 5, InputCount);
  THIMBLE_REQUIRE(call.out.size() == 1, OutputCount);
  THIMBLE_REQUIRE(IsSupported(params.activation), Activation);
  const Tensor &x = call.in[0], &w = call.in[1], &time = call.in[2], &bias = call.in[3], &state = call.in[4];
  const Tensor& y = call.out[0];
  THIMBLE_REQUIRE(x.present() && w.present() && time.present() && state.present(), InputCount);
  THIMBLE_REQUIRE(x.shape.rank == 2 && w.shape.rank == 2 && time.shape.rank == 2 && y.shape.rank == 2, OperandShapes);
  const int32_t filters = w.shape[0];
  THIMBLE_REQUIRE(params.rank >= 1 && params.rank <= filters && filters % params.rank == 0, Option);
  const int32_t units = filters / params.rank;
  THIMBLE_REQUIRE(w.shape[1] == x.shape[1] && time.shape[0] == filters && time.shape[1] >= 1, OperandShapes);
  THIMBLE_REQUIRE(y.shape[0] == x.shape[0] && y.shape[1] == units, OperandShapes);
  THIMBLE_REQUIRE(state.shape.rank == 2 && state.shape[0] == x.shape[0], OperandShapes);
  THIMBLE_REQUIRE(state.shape[1] % filters == 0 && state.shape[1] / filters == time.shape[1], OperandShapes);
  THIMBLE_REQUIRE(state.variable, NotVariable);
  THIMBLE_CHECK(CheckWeighed(x, w, {}, y, 1, 0));
  THIMBLE_REQUIRE(time.type == state.type, OperandTypes);
  if (bias.present()) {
    THIMBLE_REQUIRE(bias.type == (IsFloat(x) ? Type::kFloat32 : Type::kInt32), OperandTypes);
    THIMBLE_REQUIRE(bias.shape.Count() == units, OperandShapes);
  }
  if (IsFloat(x)) {
    THIMBLE_REQUIRE(IsFloat(time), OperandTypes);
    return Reason::kNone;
  }
  THIMBLE_REQUIRE(x.type == Type::kInt8 && (time.type == Type::kInt8 || time.type == Type::kInt16), OperandTypes);
  THIMBLE_REQUIRE(IsQuantised(time) && IsQuantised(state), OperandTypes);
  THIMBLE_REQUIRE(w.zero_point == 0 && time.zero_point == 0, OperandQuantisation);
  return Reason::kNone;
}

void Svdf::RunReference(const Params& params, const Call& call) {
  if (IsFloat(call.in[0])) {
    Run<float, float>(params, call, Reals{call.in[3], FloatRange(params.activation)});
  } else if (call.in[4].type == Type::kInt16) {
    Run<int16_t, int32_t>(params, call, Integers<int16_t>(call));
  } else {
    Run<int8_t, int32_t>(params, call, Integers<int8_t>(call));
  }
}

}  // namespace thimble::kernels
