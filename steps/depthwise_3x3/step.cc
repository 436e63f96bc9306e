#include "steps/depthwise_3x3/step.h"

#include <algorithm>

#include "steps/requantise.h"

namespace thimble::steps {
namespace {

constexpr bool IsRelu(const DepthwiseParams& params) {
  return params.scale == static_cast<int32_t>(DepthwiseScale::kRelu);
}

/// Some rows of some lanes; cortex_m4.S knows the order and uses it up.
struct ChannelJob {
  const std::byte* plane;    ///< the first lane's first word
  const std::byte* records;  ///< the first lane's
  int8_t* output;            ///< of the first lane
  int32_t channels;
  int32_t row_bytes;     ///< in the slab, from the first window to the end of the last
  int32_t pixel_stride;  ///< of the output
  int32_t row_stride;
  int32_t quads;  ///< groups of four columns, before
  int32_t rest;   ///< columns at the end: 0, 2, 3 or 5
};

#if defined(__ARM_FEATURE_DSP) && defined(__ARM_FP)

extern "C" {
void ThimbleDepthwise3x3Stride1(ChannelJob* job);
void ThimbleDepthwise3x3Stride1Relu(ChannelJob* job);
void ThimbleDepthwise3x3Stride2(ChannelJob* job);
void ThimbleDepthwise3x3Stride2Relu(ChannelJob* job);
}

void RunChannels(const DepthwiseParams& params, ChannelJob job) {
  if (params.stride_width == 1) {
    IsRelu(params) ? ThimbleDepthwise3x3Stride1Relu(&job) : ThimbleDepthwise3x3Stride1(&job);
  } else {
    IsRelu(params) ? ThimbleDepthwise3x3Stride2Relu(&job) : ThimbleDepthwise3x3Stride2(&job);
  }
}

#else

constexpr int32_t Low(uint32_t pair) { return static_cast<int16_t>(pair); }
constexpr int32_t High(uint32_t pair) { return static_cast<int16_t>(pair >> 16); }

int8_t Output(const DepthwiseParams& params, const std::byte* window, bool odd, const uint32_t* record) {
  auto sum = static_cast<int32_t>(record[6]);
  for (int32_t k = 0; k < 3; ++k, window += kSlabWordBytes, record += 2) {
    const uint32_t left = *reinterpret_cast<const uint32_t*>(window);
    const uint32_t right = *reinterpret_cast<const uint32_t*>(window + params.PairBytes());
    const int32_t x[] = {odd ? High(left) : Low(left), odd ? Low(right) : High(left), odd ? High(right) : Low(right)};
    sum = WrapAdd(sum, WrapAdd(x[0] * Low(record[0]), WrapAdd(x[1] * High(record[0]), x[2] * High(record[1]))));
  }
  const auto* scale = reinterpret_cast<const int32_t*>(record);
  if (!IsRelu(params)) return Saturate8(Requantise(sum, Requantiser{scale[1], scale[2], scale[3]}));
  const auto high = static_cast<int32_t>((int64_t{sum} * scale[1]) >> 32);
  return Saturate8(WrapAdd(high, scale[2]) >> kDepthwise3x3CommonShift);
}

void RunChannels(const DepthwiseParams& params, const ChannelJob& job) {
  const int32_t rows = job.row_bytes / (params.stride_height * kSlabWordBytes);
  for (int32_t c = 0; c < job.channels; ++c) {
    const auto* record = reinterpret_cast<const uint32_t*>(job.records) + c * Depthwise3x3RecordWords(params.scale);
    for (int32_t row = 0; row < rows; ++row) {
      for (int32_t column = 0; column < 4 * job.quads + job.rest; ++column) {
        const int32_t x = column * params.stride_width;
        const std::byte* window = job.plane + ptrdiff_t{x / 2} * params.PairBytes() +
                                  ptrdiff_t{row} * params.stride_height * kSlabWordBytes + 4 * c;
        job.output[c + row * job.row_stride + column * job.pixel_stride] = Output(params, window, x % 2 != 0, record);
      }
    }
  }
}

#endif

}  // namespace

bool Depthwise3x3::Check(const Params& params, const std::byte*, const Extents& extents) {
  if (!CheckSlabs(params, extents)) return false;
  const int32_t stride = params.stride_width;
  const int32_t right_shift = static_cast<int32_t>(DepthwiseScale::kRightShift);
  return params.kernel_height == 3 && params.kernel_width == 3 && params.dilation_height == 1 &&
         params.dilation_width == 1 && (stride == 1 || stride == 2) && params.stride_height == stride &&
         params.output_width >= 2 && (params.scale == right_shift || IsRelu(params)) &&
         params.slab_rows == kDepthwise3x3SlabRows[stride - 1] &&
         2 * params.slab_words >= (params.output_width - 1) * stride + 3 &&
         Within(extents.constants_bytes, params.constants,
                int64_t{params.OutputChannels()} * Depthwise3x3RecordWords(params.scale), 4, 4);
}

void Depthwise3x3::Run(const Params& params, const Memory& memory) {
  const int32_t width = params.output_width;
  const int32_t rest = width % 4 == 1 ? 5 : width % 4;
  const int32_t record_bytes = 4 * Depthwise3x3RecordWords(params.scale);
  const std::byte* records = memory.constants + params.constants;
  auto* output = reinterpret_cast<int8_t*>(memory.frame + params.output);
  ChannelJob job{
      nullptr, nullptr, nullptr, 0, 0, params.OutputChannels(), width * params.OutputChannels(), (width - rest) / 4,
      rest};
  Slabs slabs(params, memory);
  for (SlabPart part; slabs.Next(part);) {
    const int32_t channel = part.channel * params.multiplier;
    job.plane = part.plane;
    job.records = records + channel * record_bytes;
    job.output = output + (ptrdiff_t{part.row} * job.row_stride + channel);
    job.channels = part.lanes;
    job.row_bytes = part.rows * params.stride_height * kSlabWordBytes;
    if (params.multiplier == 1) {
      RunChannels(params, job);
      continue;
    }
    job.channels = 1;
    for (int32_t lane = 0; lane < part.lanes; ++lane, job.plane += 4) {
      for (int32_t m = 0; m < params.multiplier; ++m, job.records += record_bytes, ++job.output) {
        RunChannels(params, job);
      }
    }
  }
}

}  // namespace thimble::steps
