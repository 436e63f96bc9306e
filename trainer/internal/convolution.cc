// Convolutions and dense layers as products of matrices: a row of A is the window of one output, read where it lies in
// the (padded) input.
#include <algorithm>
#include <cstring>

#include "trainer/internal/node.h"

namespace thimble::trainer::engine {
namespace {

// Images with zeros around them, and where windows find their values.
struct Frame {
  int height = 0, width = 0, channels = 0;  // with the zeros
  int before_height = 0, before_width = 0;
  bool padded = false;
  Floats values;

  size_t Values() const {
    return static_cast<size_t>(height) * static_cast<size_t>(width) * static_cast<size_t>(channels);
  }

  // The zeros are there from the beginning; only what lies between them is written.
  void Fill(const float* images, int rows, const Shape& shape) {
    Lines(rows, shape, [&](float* line, size_t image_line, size_t count) {
      std::memcpy(line, images + image_line, count * sizeof(float));
    });
  }
  void Empty(float* images, int rows, const Shape& shape) {
    Lines(rows, shape, [&](const float* line, size_t image_line, size_t count) {
      std::memcpy(images + image_line, line, count * sizeof(float));
    });
  }

 private:
  template <typename Go>
  void Lines(int rows, const Shape& shape, Go go) {
    const auto count = static_cast<size_t>(shape.width * shape.channels);
    size_t from = 0;
    for (int row = 0; row < rows; ++row) {
      for (int h = 0; h < shape.height; ++h, from += count) {
        const auto line = static_cast<size_t>((h + before_height) * width + before_width);
        go(values.data() + static_cast<size_t>(row) * Values() + line * static_cast<size_t>(channels), from, count);
      }
    }
  }
};

// Where each output's window begins, for a batch.
std::vector<int32_t> CornersOf(const Frame& frame, const Shape& outputs, int stride_height, int stride_width,
                               int batch_rows) {
  std::vector<int32_t> corners;
  corners.reserve(static_cast<size_t>(batch_rows) * static_cast<size_t>(outputs.positions()));
  for (int row = 0; row < batch_rows; ++row) {
    for (int h = 0; h < outputs.height; ++h) {
      for (int w = 0; w < outputs.width; ++w) {
        const int position = (row * frame.height + h * stride_height) * frame.width + w * stride_width;
        corners.push_back(position * frame.channels);
      }
    }
  }
  return corners;
}

// Where a window's values lie after its corner; empty when one after the other.
std::vector<int32_t> OffsetsOf(const Frame& frame, const Window& window) {
  std::vector<int32_t> offsets;
  for (int h = 0; h < window.height; ++h) {
    for (int w = 0; w < window.width; ++w) {
      for (int c = 0; c < frame.channels; ++c) {
        offsets.push_back((h * window.dilation_height * frame.width + w * window.dilation_width) * frame.channels + c);
      }
    }
  }
  for (size_t i = 0; i < offsets.size(); ++i) {
    if (offsets[i] != static_cast<int32_t>(i)) return offsets;
  }
  return {};
}

const int32_t* DataOrNull(const std::vector<int32_t>& values) { return values.empty() ? nullptr : values.data(); }

// Dense layers are convolutions of one position. Parameters: weights [depth, units], then the bias.
class Convolution final : public Node {
 public:
  Convolution(const LayerSpec& layer, const Shape& output, std::vector<Node*> from) : Node(layer, output) {
    inputs = std::move(from);
    image_ = input().shape;
    if (spec.kind == LayerKind::kDense) {
      image_ = {1, 1, image_.values()};
      spec.window = {};
    }
    const Window& window = spec.window;
    depth_ = window.height * window.width * image_.channels;
    const Extent high =
        ExtentOf(image_.height, window.height, window.stride_height, window.dilation_height, window.padding);
    const Extent wide =
        ExtentOf(image_.width, window.width, window.stride_width, window.dilation_width, window.padding);
    const int reach_height = (window.height - 1) * window.dilation_height;
    const int reach_width = (window.width - 1) * window.dilation_width;
    frame_.before_height = high.before;
    frame_.before_width = wide.before;
    frame_.height = std::max(image_.height + high.before, (shape.height - 1) * window.stride_height + reach_height + 1);
    frame_.width = std::max(image_.width + wide.before, (shape.width - 1) * window.stride_width + reach_width + 1);
    frame_.channels = image_.channels;
    frame_.padded = frame_.height != image_.height || frame_.width != image_.width;
    const bool unit_stride = window.stride_height == 1 && window.stride_width == 1;
    pointwise_ = unit_stride && window.height == 1 && window.width == 1;
    turned_ = unit_stride && !pointwise_;
    if (turned_) {
      // The gradient of an input is a convolution of the output's gradient with the window turned round.
      gradient_frame_ = {.height = image_.height + reach_height,
                         .width = image_.width + reach_width,
                         .channels = shape.channels,
                         .before_height = reach_height - high.before,
                         .before_width = reach_width - wide.before,
                         .padded = true,
                         .values = Floats()};
    }
  }

  size_t ParameterCount() const override { return (Depth() + 1) * Units(); }
  void MarkDecays(float* decays) const override { std::fill_n(decays, Depth() * Units(), 1.0f); }

  void Prepare(int batch_rows) override {
    const auto rows = static_cast<size_t>(batch_rows);
    grid_of_weights_.Prepare(Depth(), Units());
    if (frame_.padded) frame_.values = Floats(rows * frame_.Values());
    if (!pointwise_) {
      corners_ = CornersOf(frame_, shape, spec.window.stride_height, spec.window.stride_width, batch_rows);
      offsets_ = OffsetsOf(frame_, spec.window);
    }
    if (!input().wanted) return;
    turned_weights_ = Floats(Depth() * Units());
    if (turned_) {
      gradient_frame_.values = Floats(rows * gradient_frame_.Values());
      gradient_corners_ = CornersOf(gradient_frame_, image_, 1, 1, batch_rows);
      gradient_offsets_ = OffsetsOf(gradient_frame_, spec.window);
    } else if (!pointwise_) {
      windows_ = Floats(kWindowRows * Depth());
    }
  }

  void Import(const LayerWeights& from) override {
    PlainKernels().transpose(from.weights.data(), shape.channels, depth_, parameters);
    std::copy(from.bias.begin(), from.bias.end(), parameters + Depth() * Units());
  }
  void Export(LayerWeights& to) const override {
    to.weights.resize(Depth() * Units());
    PlainKernels().transpose(parameters, depth_, shape.channels, to.weights.data());
    const float* const bias = parameters + Depth() * Units();
    to.bias.assign(bias, bias + Units());
  }

  void Forward(int rows, bool training) override {
    if (frame_.padded) frame_.Fill(input().y, rows, image_);
    grid_of_weights_.Update(*this);
    kernels->multiply({.a = Source(),
                       .row_offsets = DataOrNull(corners_),
                       .a_stride = image_.channels,
                       .depth_offsets = DataOrNull(offsets_),
                       .b = grid_of_weights_.weights(),
                       .b_stride = shape.channels,
                       .bias = grid_of_weights_.bias(),
                       .c = y,
                       .c_stride = shape.channels,
                       .rows = rows * shape.positions(),
                       .depth = depth_,
                       .columns = shape.channels,
                       .finish = BeginOutput(training)});
    grid.Observed(range_keep);
  }

  void Backward(int rows) override {
    const int outputs = rows * shape.positions();
    kernels->mask(dy, y, grid.low(), grid.high(), outputs, shape.channels,
                  trains ? gradient + Depth() * Units() : nullptr);
    if (trains) {
      kernels->multiply_transposed({.a = Source(),
                                    .row_offsets = DataOrNull(corners_),
                                    .a_stride = image_.channels,
                                    .depth_offsets = DataOrNull(offsets_),
                                    .d = dy,
                                    .d_stride = shape.channels,
                                    .g = gradient,
                                    .rows = outputs,
                                    .depth = depth_,
                                    .columns = shape.channels});
      grid_of_weights_.Backward(*this);
    }
    GiveGradient(input(), rows, [&](float* dx) {
      if (turned_) {
        BackwardTurned(rows, dx);
      } else {
        kernels->transpose(grid_of_weights_.weights(), depth_, shape.channels, turned_weights_.data());
        if (pointwise_) {
          MultiplyGradient(dy, outputs, dx);
        } else {
          BackwardScattered(rows, dx);
        }
      }
    });
  }

 private:
  static constexpr int kWindowRows = 64;

  size_t Depth() const { return static_cast<size_t>(depth_); }
  size_t Units() const { return static_cast<size_t>(shape.channels); }
  const float* Source() const { return frame_.padded ? frame_.values.data() : input().y; }

  // to [rows, depth] = from [rows, units] × weights
  void MultiplyGradient(const float* from, int rows, float* to) const {
    kernels->multiply({.a = from,
                       .a_stride = shape.channels,
                       .b = turned_weights_.data(),
                       .b_stride = depth_,
                       .c = to,
                       .c_stride = depth_,
                       .rows = rows,
                       .depth = shape.channels,
                       .columns = depth_});
  }

  void BackwardTurned(int rows, float* dx) {
    // [taps, channels, units] becomes [taps from the last, units, channels].
    const int taps = spec.window.height * spec.window.width;
    const auto tap_size = static_cast<size_t>(image_.channels) * Units();
    for (int tap = 0; tap < taps; ++tap) {
      kernels->transpose(grid_of_weights_.weights() + static_cast<size_t>(taps - 1 - tap) * tap_size, image_.channels,
                         shape.channels, turned_weights_.data() + static_cast<size_t>(tap) * tap_size);
    }
    gradient_frame_.Fill(dy, rows, shape);
    kernels->multiply({.a = gradient_frame_.values.data(),
                       .row_offsets = gradient_corners_.data(),
                       .depth_offsets = DataOrNull(gradient_offsets_),
                       .b = turned_weights_.data(),
                       .b_stride = image_.channels,
                       .c = dx,
                       .c_stride = image_.channels,
                       .rows = rows * image_.positions(),
                       .depth = taps * shape.channels,
                       .columns = image_.channels});
  }

  // With a stride, windows' gradients are added up where they lie. The frame's values have done their work.
  void BackwardScattered(int rows, float* dx) {
    float* const to = frame_.padded ? frame_.values.data() : dx;
    std::fill_n(to, static_cast<size_t>(rows) * frame_.Values(), 0.0f);
    const int outputs = rows * shape.positions();
    const auto line = static_cast<size_t>(image_.channels);
    const auto taps = static_cast<size_t>(spec.window.height) * static_cast<size_t>(spec.window.width);
    for (int first = 0; first < outputs; first += kWindowRows) {
      const int count = std::min(kWindowRows, outputs - first);
      MultiplyGradient(dy + static_cast<size_t>(first) * Units(), count, windows_.data());
      for (int row = 0; row < count; ++row) {
        const float* const from = windows_.data() + static_cast<size_t>(row) * Depth();
        float* const corner = to + corners_[static_cast<size_t>(first + row)];
        if (offsets_.empty()) {
          kernels->add(from, corner, Depth());
        } else {
          for (size_t tap = 0; tap < taps; ++tap) {
            kernels->add(from + tap * line, corner + offsets_[tap * line], line);
          }
        }
      }
    }
    if (!frame_.padded) return;
    frame_.Empty(dx, rows, image_);
    // The next batch relies on zeros around its images.
    std::fill_n(to, static_cast<size_t>(rows) * frame_.Values(), 0.0f);
  }

  Shape image_;
  int depth_ = 0;
  bool pointwise_ = false;  // a window is a position
  bool turned_ = false;
  Frame frame_, gradient_frame_;
  std::vector<int32_t> corners_, offsets_, gradient_corners_, gradient_offsets_;
  WeightGrid grid_of_weights_;
  Floats turned_weights_, windows_;
};

// Parameters: weights [taps, channels], then the bias.
class DepthwiseNode final : public Node {
 public:
  DepthwiseNode(const LayerSpec& layer, const Shape& output, std::vector<Node*> from) : Node(layer, output) {
    inputs = std::move(from);
    const Window& window = spec.window;
    const Shape& image = input().shape;
    const Extent high =
        ExtentOf(image.height, window.height, window.stride_height, window.dilation_height, window.padding);
    const Extent wide = ExtentOf(image.width, window.width, window.stride_width, window.dilation_width, window.padding);
    const int reach_height = (window.height - 1) * window.dilation_height;
    const int reach_width = (window.width - 1) * window.dilation_width;
    frame_ = {
        .height = std::max(image.height + high.before, (shape.height - 1) * window.stride_height + reach_height + 1),
        .width = std::max(image.width + wide.before, (shape.width - 1) * window.stride_width + reach_width + 1),
        .channels = image.channels,
        .before_height = high.before,
        .before_width = wide.before,
        .padded = true,
        .values = Floats()};
    frame_.values = Floats(frame_.Values());
    tap_offsets_ = TapOffsets(frame_);
    if (window.stride_height == 1 && window.stride_width == 1) {
      gradient_frame_ = {.height = image.height + reach_height,
                         .width = image.width + reach_width,
                         .channels = image.channels,
                         .before_height = reach_height - high.before,
                         .before_width = reach_width - wide.before,
                         .padded = true,
                         .values = Floats()};
      gradient_frame_.values = Floats(gradient_frame_.Values());
      gradient_tap_offsets_ = TapOffsets(gradient_frame_);
      turned_weights_ = Floats(Taps() * Channels());
    }
    grid_of_weights_.Prepare(Taps(), Channels());
  }

  size_t ParameterCount() const override { return (Taps() + 1) * Channels(); }
  void MarkDecays(float* decays) const override { std::fill_n(decays, Taps() * Channels(), 1.0f); }

  void Import(const LayerWeights& from) override {
    std::copy(from.weights.begin(), from.weights.end(), parameters);
    std::copy(from.bias.begin(), from.bias.end(), parameters + Taps() * Channels());
  }
  void Export(LayerWeights& to) const override {
    const float* const bias = parameters + Taps() * Channels();
    to.weights.assign(static_cast<const float*>(parameters), bias);
    to.bias.assign(bias, bias + Channels());
  }

  void Forward(int rows, bool training) override {
    grid_of_weights_.Update(*this);
    const Finish finish = BeginOutput(training);
    for (int row = 0; row < rows; ++row) {
      frame_.Fill(input().y + input().Values(row), 1, input().shape);
      kernels->depthwise({.x = frame_.values.data(),
                          .tap_offsets = tap_offsets_.data(),
                          .weights = grid_of_weights_.weights(),
                          .bias = grid_of_weights_.bias(),
                          .y = y + Values(row),
                          .taps = static_cast<int>(Taps()),
                          .height = shape.height,
                          .width = shape.width,
                          .channels = shape.channels,
                          .row_step = RowStep(),
                          .column_step = ColumnStep(),
                          .finish = finish});
    }
    grid.Observed(range_keep);
  }

  void Backward(int rows) override {
    kernels->mask(dy, y, grid.low(), grid.high(), rows * shape.positions(), shape.channels,
                  trains ? gradient + Taps() * Channels() : nullptr);
    DepthwiseBackward job{.x = frame_.values.data(),
                          .dx = frame_.values.data(),
                          .tap_offsets = tap_offsets_.data(),
                          .weights = grid_of_weights_.weights(),
                          .weight_gradient = gradient,
                          .taps = static_cast<int>(Taps()),
                          .height = shape.height,
                          .width = shape.width,
                          .channels = shape.channels,
                          .row_step = RowStep(),
                          .column_step = ColumnStep()};
    if (trains) {
      std::fill_n(gradient, Taps() * Channels(), 0.0f);
      for (int row = 0; row < rows; ++row) {
        frame_.Fill(input().y + input().Values(row), 1, input().shape);
        job.dy = dy + Values(row);
        kernels->depthwise_weight_gradient(job);
      }
      grid_of_weights_.Backward(*this);
    }
    GiveGradient(input(), rows, [&](float* dx) {
      if (gradient_tap_offsets_.empty()) {
        for (int row = 0; row < rows; ++row) {
          std::fill_n(frame_.values.data(), frame_.Values(), 0.0f);
          job.dy = dy + Values(row);
          kernels->depthwise_scatter(job);
          frame_.Empty(dx + input().Values(row), 1, input().shape);
        }
        std::fill_n(frame_.values.data(), frame_.Values(), 0.0f);  // the next batch relies on zeros
        return;
      }
      for (size_t tap = 0; tap < Taps(); ++tap) {
        std::copy_n(grid_of_weights_.weights() + (Taps() - 1 - tap) * Channels(), Channels(),
                    turned_weights_.data() + tap * Channels());
      }
      const Shape& image = input().shape;
      for (int row = 0; row < rows; ++row) {
        gradient_frame_.Fill(dy + Values(row), 1, shape);
        kernels->depthwise({.x = gradient_frame_.values.data(),
                            .tap_offsets = gradient_tap_offsets_.data(),
                            .weights = turned_weights_.data(),
                            .y = dx + input().Values(row),
                            .taps = static_cast<int>(Taps()),
                            .height = image.height,
                            .width = image.width,
                            .channels = image.channels,
                            .row_step = gradient_frame_.width * image.channels,
                            .column_step = image.channels});
      }
    });
  }

 private:
  size_t Taps() const { return static_cast<size_t>(spec.window.height) * static_cast<size_t>(spec.window.width); }
  size_t Channels() const { return static_cast<size_t>(shape.channels); }
  std::ptrdiff_t RowStep() const {
    return static_cast<std::ptrdiff_t>(spec.window.stride_height) * frame_.width * frame_.channels;
  }
  std::ptrdiff_t ColumnStep() const { return static_cast<std::ptrdiff_t>(spec.window.stride_width) * frame_.channels; }
  std::vector<int32_t> TapOffsets(const Frame& frame) const {
    std::vector<int32_t> offsets;
    for (int h = 0; h < spec.window.height; ++h) {
      for (int w = 0; w < spec.window.width; ++w) {
        const int position = h * spec.window.dilation_height * frame.width + w * spec.window.dilation_width;
        offsets.push_back(position * frame.channels);
      }
    }
    return offsets;
  }

  Frame frame_, gradient_frame_;  // of one image
  std::vector<int32_t> tap_offsets_, gradient_tap_offsets_;
  WeightGrid grid_of_weights_;
  Floats turned_weights_;
};

}  // namespace

std::unique_ptr<Node> MakeConvolution(const LayerSpec& spec, const Shape& shape, std::vector<Node*> inputs) {
  return std::make_unique<Convolution>(spec, shape, std::move(inputs));
}

std::unique_ptr<Node> MakeDepthwise(const LayerSpec& spec, const Shape& shape, std::vector<Node*> inputs) {
  return std::make_unique<DepthwiseNode>(spec, shape, std::move(inputs));
}

}  // namespace thimble::trainer::engine
