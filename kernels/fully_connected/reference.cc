#include "kernels/fully_connected/op.h"

namespace thimble::kernels {
namespace {

void RunInt8(const FullyConnected::Params& params, const Call& call) {
  const Tensor &x = call.in[0], &w = call.in[1], &y = call.out[0];
  const int32_t* bias = call.Has(2) ? call.in[2].As<int32_t>() : nullptr;
  const int32_t outputs = w.shape[0], inputs = w.shape[1];
  const int32_t batches = y.shape.Count() / outputs;
  const Range<int32_t> range = Int8Range(params.activation, y);
  const double output_scale = y.Scale();
  Multiplier multiplier;
  for (int32_t o = 0; o < outputs; ++o) {
    if (o == 0 || w.scale_count > 1) {
      const double product = w.scale_count > 1 ? static_cast<double>(x.Scale()) * static_cast<double>(w.Scale(o))
                                               : static_cast<double>(x.Scale() * w.Scale());
      multiplier = QuantiseMultiplier(product / output_scale);
    }
    const int8_t* weights = w.As<int8_t>() + o * inputs;
    for (int32_t b = 0; b < batches; ++b) {
      const int8_t* row = x.As<int8_t>() + b * inputs;
      int32_t sum = 0;
      for (int32_t i = 0; i < inputs; ++i) {
        sum = WrapAdd(sum, (row[i] - x.zero_point) * (weights[i] - w.zero_point));
      }
      if (bias != nullptr) sum = WrapAdd(sum, bias[o]);
      y.As<int8_t>()[b * outputs + o] = Requantise(sum, multiplier, y.zero_point, range);
    }
  }
}

void RunFloat(const FullyConnected::Params& params, const Call& call) {
  const Tensor &x = call.in[0], &w = call.in[1], &y = call.out[0];
  const float* bias = call.Has(2) ? call.in[2].As<float>() : nullptr;
  const int32_t outputs = w.shape[0], inputs = w.shape[1];
  const int32_t batches = y.shape.Count() / outputs;
  const Range<float> range = FloatRange(params.activation);
  for (int32_t b = 0; b < batches; ++b) {
    const float* row = x.As<float>() + b * inputs;
    for (int32_t o = 0; o < outputs; ++o) {
      const float* weights = w.As<float>() + o * inputs;
      float sum = 0;
      for (int32_t i = 0; i < inputs; ++i) sum += row[i] * weights[i];
      if (bias != nullptr) sum += bias[o];
      y.As<float>()[b * outputs + o] = range.Clamp(sum);
    }
  }
}

}  // namespace

Reason FullyConnected::Check(const Params& params, const Call& call) {
  THIMBLE_REQUIRE(call.in.size() >= 2 && call.in.size() <= 3, InputCount);
  THIMBLE_REQUIRE(call.out.size() == 1, OutputCount);
  THIMBLE_REQUIRE(IsSupported(params.activation), Activation);
  THIMBLE_REQUIRE(params.weights_format == 0, Option);
  const Tensor &x = call.in[0], &w = call.in[1], &y = call.out[0];
  THIMBLE_REQUIRE(x.present() && w.present(), InputCount);
  THIMBLE_REQUIRE(w.shape.rank == 2 && w.shape.Count() > 0, OperandShapes);
  THIMBLE_CHECK(CheckWeighedTypes(call, w.shape[0], 0));
  const int32_t outputs = w.shape[0], inputs = w.shape[1];
  THIMBLE_REQUIRE(x.shape.Count() % inputs == 0 && y.shape.Count() % outputs == 0, OperandShapes);
  THIMBLE_REQUIRE(x.shape.Count() / inputs == y.shape.Count() / outputs, OperandShapes);
  return Reason::kNone;
}

void FullyConnected::RunReference(const Params& params, const Call& call) {
  IsFloat(call.in[0]) ? RunFloat(params, call) : RunInt8(params, call);
}

}  // namespace thimble::kernels
