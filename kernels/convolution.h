// What conv_2d and depthwise_conv_2d share: everything but which channels a filter sees.
#ifndef THIMBLE_KERNELS_CONVOLUTION_H_
#define THIMBLE_KERNELS_CONVOLUTION_H_

#include "kernels/image.h"
#include "kernels/quantised.h"

namespace thimble::kernels {

struct ConvolutionParams {
  Padding padding = Padding::kSame;
  Activation activation = Activation::kNone;
  int32_t stride_width = 0, stride_height = 0;
  int32_t dilation_width = 1, dilation_height = 1;
};

/// The weights of one output channel: `channels` neighbours in the input meet as many in the weights.
struct Filter {
  int32_t first_input_channel;
  int32_t first_weight;  ///< element of the weights for the first tap; taps follow in steps of the weights' channels
  int32_t channels;
};

/// Types, shapes, quantisation and options; `dimension` is the weights' dimension of output channels. The operator
/// itself checks how the channels of input, weights and output go together.
Reason CheckConvolution(const ConvolutionParams& params, const Call& call, int32_t dimension);

/// y[n, i, j, o] = activation(sum over taps (k, l) and channels c, in that order, + bias[o])
/// for x of one of these types.
using ConvolutionTypes = TypeList<Type::kInt8, Type::kInt16, Type::kUInt8, Type::kFloat32>;
using FilterOf = Filter (*)(const Call& call, int32_t output_channel);
template <Type kType>
void RunConvolution(const ConvolutionParams& params, const Call& call, FilterOf filter_of);

}  // namespace thimble::kernels

#endif  // THIMBLE_KERNELS_CONVOLUTION_H_
