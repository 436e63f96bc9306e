#include "cli/features_plot.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <string_view>

#include "base/crc32.h"
#include "cli/markup.h"
#include "cli/plot.h"
#include "cli/spectrum.h"
#include "cli/terminal.h"

namespace thimble::cli {
namespace {

// The colours of the report, which people with any colour vision tell apart.
constexpr size_t kHues = 8;
constexpr char kStyleSheet[] = R"css(
svg{color-scheme:light dark;--page:#fff;--ink:#1c1d1f;--soft:#5b5f66;--line:#e2e2dc;
--h0:#0072b2;--h1:#d55e00;--h2:#008a63;--h3:#b04a86;--h4:#8a6d00;--h5:#2f8fc9;--h6:#7a4fbf;--h7:#55585e}
@media (prefers-color-scheme:dark){svg{--page:#1b1d20;--ink:#e9e9e6;--soft:#a3a7ae;--line:#2f3237;
--h0:#5db4ec;--h1:#ff9a52;--h2:#3ecf9f;--h3:#e58cc0;--h4:#e6c545;--h5:#9ad3f7;--h6:#b99af0;--h7:#b5b9c0}}
.page{fill:var(--page)}
text{fill:var(--soft);font:12px system-ui,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
.title{fill:var(--ink);font-size:19px;font-weight:600}
.panel{fill:var(--ink);font-size:14px;font-weight:600}
.small{font-size:10.5px}
.grid{stroke:var(--line)}
.zero{stroke:var(--soft)}
.curve{fill:none;stroke-width:1.5;stroke-linejoin:round}
.map{image-rendering:pixelated}
)css";

constexpr double kWidth = 960;
constexpr double kLeft = 72;
constexpr double kRight = 24;
constexpr double kPanelWidth = kWidth - kLeft - kRight;
constexpr double kHeaderHeight = 76;
constexpr double kPanelHeading = 26;
constexpr double kBelowPanel = 62;  // numbers and the name of the axis

std::string Fixed(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", value);
  return text;
}

std::string Attributes(std::initializer_list<std::pair<const char*, double>> values) {
  std::string text;
  for (const auto& [name, value] : values) text += std::string(" ") + name + "=\"" + Fixed(value) + "\"";
  return text;
}

std::string TextAt(double x, double y, std::string_view text, const char* classes = "", const char* anchor = "start") {
  return "<text" + Attributes({{"x", x}, {"y", y}}) + " text-anchor=\"" + anchor + "\"" +
         (*classes != 0 ? " class=\"" + std::string(classes) + "\"" : "") + ">" + EscapeMarkup(text) + "</text>";
}

std::string Hue(size_t i) { return "var(--h" + std::to_string(i % kHues) + ")"; }

/// A rectangle that shows [x_low, x_high] by [y_low, y_high].
struct Frame {
  double top, height;
  double x_low, x_high, y_low, y_high;
  double left = kLeft, width = kPanelWidth;

  double X(double x) const { return left + width * (x_high > x_low ? (x - x_low) / (x_high - x_low) : 0.5); }
  double Y(double y) const { return top + height * (y_high > y_low ? (y_high - y) / (y_high - y_low) : 0.5); }
  double bottom() const { return top + height; }
};

std::string YName(const Frame& frame, std::string_view name) {
  const double x = frame.left - 54;
  const double y = frame.top + frame.height / 2;
  return "<text text-anchor=\"middle\" transform=\"translate(" + Fixed(x) + " " + Fixed(y) + ") rotate(-90)\">" +
         EscapeMarkup(name) + "</text>";
}

std::string YAxis(const Frame& frame, std::string_view name) {
  std::string svg;
  const std::vector<double> ticks = Ticks(frame.y_low, frame.y_high, 6);
  const std::vector<std::string> labels = TickLabels(ticks);
  for (size_t i = 0; i < ticks.size(); ++i) {
    const double y = frame.Y(ticks[i]);
    svg += "<line class=\"grid\"" +
           Attributes({{"x1", frame.left}, {"x2", frame.left + frame.width}, {"y1", y}, {"y2", y}}) + "/>";
    // Beside the axis there is room for so many characters.
    constexpr size_t kMostCharacters = 7;
    char brief[32];
    std::snprintf(brief, sizeof brief, "%.3g", ticks[i]);
    svg += TextAt(frame.left - 8, y + 4, labels[i].size() > kMostCharacters ? brief : labels[i], "", "end");
  }
  return svg + YName(frame, name);
}

std::string XAxis(const Frame& frame, std::string_view name) {
  std::string svg;
  const std::vector<double> ticks = Ticks(frame.x_low, frame.x_high, 8);
  const std::vector<std::string> labels = TickLabels(ticks);
  for (size_t i = 0; i < ticks.size(); ++i) {
    svg += TextAt(frame.X(ticks[i]), frame.bottom() + 18, labels[i], "", "middle");
  }
  return svg + TextAt(frame.left + frame.width / 2, frame.bottom() + 36, name, "", "middle");
}

/// The axes' names in their colours, at the right of a panel's heading.
std::string Legend(const std::vector<std::string>& names, double y) {
  constexpr double kLetter = 7.2;
  constexpr size_t kMost = 12;
  std::string svg;
  if (names.size() < 2) return svg;
  double x = kWidth - kRight;
  const size_t shown = std::min(names.size(), kMost);
  if (names.size() > shown) {
    svg += TextAt(x, y, "and " + std::to_string(names.size() - shown) + " more", "", "end");
    x -= 90;
  }
  for (size_t i = shown; i-- > 0;) {
    x -= kLetter * Columns(names[i]);
    svg += TextAt(x, y, names[i]);
    svg += "<line" + Attributes({{"x1", x - 22}, {"x2", x - 6}, {"y1", y - 4}, {"y2", y - 4}}) +
           " stroke-width=\"3\" style=\"stroke:" + Hue(i) + "\"/>";
    x -= 40;
  }
  return svg;
}

struct Bounds {
  double low = 0, high = 0;
};

/// With a margin, so that nothing touches the frame; never empty.
Bounds WithMargin(double low, double high) {
  if (!(low < high)) return {low - 1, high + 1};
  const double margin = 0.05 * (high - low);
  return {low - margin, high + margin};
}

/// A curve through values at steps of `step` from `first`. Where there are many more than pixels, each pixel shows its
/// lowest and highest, so that no peak is lost.
std::string Curve(const Frame& frame, const std::vector<double>& values, double first, double step,
                  const std::string& colour) {
  const auto pixels = static_cast<size_t>(frame.width);
  const size_t bunch = values.size() > 4 * pixels ? values.size() / pixels : 1;
  std::string path;
  const auto add = [&](size_t i, double value) {
    path += (path.empty() ? "M" : "L") + Fixed(frame.X(first + step * static_cast<double>(i))) + " " +
            Fixed(frame.Y(std::clamp(value, frame.y_low, frame.y_high)));
  };
  for (size_t i = 0; i < values.size(); i += bunch) {
    const auto begin = values.begin() + static_cast<std::ptrdiff_t>(i);
    const auto end = values.begin() + static_cast<std::ptrdiff_t>(std::min(i + bunch, values.size()));
    const auto [low, high] = std::minmax_element(begin, end);
    add(i, *low);
    if (bunch > 1) add(i, *high);
  }
  return "<path class=\"curve\" style=\"stroke:" + colour + "\" d=\"" + path + "\"/>";
}

std::string Image(double x, double y, double width, double height, const std::string& png) {
  return "<image class=\"map\" preserveAspectRatio=\"none\"" +
         Attributes({{"x", x}, {"y", y}, {"width", width}, {"height", height}}) + " href=\"data:image/png;base64," +
         png + "\"/>";
}

// --- panels: each appends itself and returns its height ------------------------------------------------------------

std::string Heading(double top, std::string_view text) { return TextAt(kLeft, top + 14, text, "panel"); }

double Signal(const FeaturePlot& plot, double top, std::string& svg) {
  constexpr double kHeight = 180;
  const auto axes = static_cast<size_t>(plot.window.axes);
  const auto [low, high] = std::minmax_element(plot.samples.begin(), plot.samples.end());
  const Bounds bounds = WithMargin(static_cast<double>(*low), static_cast<double>(*high));
  const double seconds = plot.window.readings / static_cast<double>(plot.window.rate_hz);
  constexpr double kShort = 0.5;
  const double per_second = seconds < kShort ? 1000 : 1;
  const Frame frame = {.top = top + kPanelHeading,
                       .height = kHeight,
                       .x_low = 0,
                       .x_high = seconds * per_second,
                       .y_low = bounds.low,
                       .y_high = bounds.high};
  svg += Heading(top, "Signal") + Legend(plot.axes, top + 14);
  svg +=
      YAxis(frame, plot.units.empty() ? "reading" : plot.units) + XAxis(frame, per_second > 1 ? "time, ms" : "time, s");
  for (size_t axis = 0; axis < axes; ++axis) {
    std::vector<double> values;
    for (size_t i = axis; i < plot.samples.size(); i += axes) values.push_back(static_cast<double>(plot.samples[i]));
    svg += Curve(frame, values, 0, per_second / static_cast<double>(plot.window.rate_hz), Hue(axis));
  }
  return kPanelHeading + kHeight + kBelowPanel;
}

double Spectrum(const FeaturePlot& plot, double top, std::string& svg) {
  constexpr double kHeight = 170;
  constexpr double kDepthDb = 80;  // what lies further below the strongest is of no interest
  const int length = SpectrumLength(plot.window.readings, 1024);
  const double bin_hz = static_cast<double>(plot.window.rate_hz) / length;
  std::vector<std::vector<double>> levels;
  double high = -1000;
  double low = 1000;
  for (size_t axis = 0; axis < static_cast<size_t>(plot.window.axes); ++axis) {
    std::vector<double> level = PowerSpectrumOf(plot.samples, plot.window, axis, length);
    level.erase(level.begin());  // what is left of the mean
    for (double& value : level) value = 10 * std::log10(std::max(value, 1e-20));
    high = std::max(high, *std::max_element(level.begin(), level.end()));
    low = std::min(low, *std::min_element(level.begin(), level.end()));
    levels.push_back(std::move(level));
  }
  const Bounds bounds = WithMargin(std::max(low, high - kDepthDb), high);
  const Frame frame = {.top = top + kPanelHeading,
                       .height = kHeight,
                       .x_low = 0,
                       .x_high = static_cast<double>(plot.window.rate_hz) / 2,
                       .y_low = bounds.low,
                       .y_high = bounds.high};
  svg += Heading(top, "Spectrum") + Legend(plot.axes, top + 14);
  svg += YAxis(frame, plot.units.empty() ? "dB of one unit" : "dB of 1 " + plot.units) + XAxis(frame, "frequency, Hz");
  for (size_t axis = 0; axis < levels.size(); ++axis) svg += Curve(frame, levels[axis], bin_hz, bin_hz, Hue(axis));
  return kPanelHeading + kHeight + kBelowPanel;
}

/// From dark blue over green to yellow: brighter is more, also in greys.
uint32_t Heat(double share) {
  constexpr std::array<std::array<double, 3>, 5> kStops = {
      {{68, 1, 84}, {59, 82, 139}, {33, 145, 140}, {94, 201, 98}, {253, 231, 37}}};
  const double place = std::clamp(share, 0.0, 1.0) * (kStops.size() - 1);
  const auto below = std::min(static_cast<size_t>(place), kStops.size() - 2);
  const double part = place - static_cast<double>(below);
  uint32_t pixel = 0;
  for (size_t i = 0; i < 3; ++i) {
    const double value = kStops[below][i] + part * (kStops[below + 1][i] - kStops[below][i]);
    pixel = pixel << 8 | static_cast<uint32_t>(std::lround(value));
  }
  return pixel;
}

/// "1234 Hz" of "Frame 3 filter 12 (1234 Hz)", "coefficient 5" of "Frame 3 coefficient 5", and the axis of "Frame 3".
std::string RowName(const FeaturePlot& plot, const dsp::FeatureName& name) {
  const std::string_view text = name.text;
  const size_t open = text.find('(');
  if (open != std::string_view::npos && text.ends_with(')')) {
    return std::string(text.substr(open + 1, text.size() - open - 2));
  }
  const size_t number = text.find_first_of("0123456789");
  const size_t rest = number == std::string_view::npos ? number : text.find(' ', number);
  if (rest != std::string_view::npos) return std::string(text.substr(rest + 1));
  const auto axis = static_cast<size_t>(std::max(name.axis, 0));
  return name.axis >= 0 && axis < plot.axes.size() ? plot.axes[axis] : std::string(text);
}

double Map(const FeaturePlot& plot, double top, std::string& svg) {
  constexpr double kHeight = 260;
  constexpr double kBarWidth = 12;
  constexpr double kBarRoom = 76;
  constexpr double kNameRoom = 48;
  const auto frames = static_cast<size_t>(plot.layout.width);
  const auto rows = static_cast<size_t>(plot.layout.height);
  const auto [low, high] = std::minmax_element(plot.features.begin(), plot.features.end());
  const auto least = static_cast<double>(*low);
  const double range = static_cast<double>(*high) - least;
  std::vector<uint32_t> pixels(frames * rows);
  for (size_t x = 0; x < frames; ++x) {
    for (size_t y = 0; y < rows; ++y) {
      const auto value = static_cast<double>(plot.features[x * rows + y]);
      pixels[(rows - 1 - y) * frames + x] = Heat(range > 0 ? (value - least) / range : 0);
    }
  }
  const Frame frame = {.top = top + kPanelHeading,
                       .height = kHeight,
                       .x_low = 0,
                       .x_high = plot.window.readings / static_cast<double>(plot.window.rate_hz),
                       .y_low = 0,
                       .y_high = static_cast<double>(rows),
                       .left = kLeft + kNameRoom,
                       .width = kPanelWidth - kNameRoom - kBarRoom};
  svg += Heading(top, "Features: " + std::to_string(frames) + " frames of " + std::to_string(rows));
  svg += Image(frame.left, frame.top, frame.width, frame.height,
               PngBase64(static_cast<int>(frames), static_cast<int>(rows), pixels));
  svg += XAxis(frame, "time, s");
  const size_t named = std::min<size_t>(rows, 7);
  for (size_t i = 0; i < named; ++i) {
    const size_t row = named < 2 ? 0 : i * (rows - 1) / (named - 1);
    svg += TextAt(frame.left - 8, frame.Y(static_cast<double>(row) + 0.5) + 4, RowName(plot, plot.names[row]), "small",
                  "end");
  }
  const double bar = frame.left + frame.width + 16;
  std::vector<uint32_t> scale;
  for (int i = 0; i < 64; ++i) scale.push_back(Heat(1 - i / 63.0));
  svg += Image(bar, frame.top, kBarWidth, kHeight, PngBase64(1, 64, scale));
  const Frame values = {
      .top = frame.top, .height = kHeight, .x_low = 0, .x_high = 1, .y_low = least, .y_high = least + range};
  const std::vector<double> ticks = range > 0 ? Ticks(least, least + range, 4) : std::vector<double>{least};
  const std::vector<std::string> labels = TickLabels(ticks);
  for (size_t i = 0; i < ticks.size(); ++i)
    svg += TextAt(bar + kBarWidth + 5, values.Y(ticks[i]) + 4, labels[i], "small");
  const std::string unit = plot.names.front().unit;
  if (!unit.empty()) svg += TextAt(bar, frame.top - 8, unit, "small");
  return kPanelHeading + kHeight + kBelowPanel;
}

double Bars(const FeaturePlot& plot, double top, std::string& svg) {
  constexpr double kHeight = 190;
  constexpr size_t kMostNames = 64;
  constexpr double kNameRoom = 170;
  constexpr size_t kMostBars = 4096;
  const size_t count = std::min(plot.features.size(), kMostBars);
  const auto [low, high] = std::minmax_element(plot.features.begin(), plot.features.end());
  const Bounds bounds = WithMargin(std::min(0.0, static_cast<double>(*low)), std::max(0.0, static_cast<double>(*high)));
  const Frame frame = {.top = top + kPanelHeading,
                       .height = kHeight,
                       .x_low = 0,
                       .x_high = static_cast<double>(count),
                       .y_low = bounds.low,
                       .y_high = bounds.high};
  svg += Heading(top, "Features") + Legend(plot.axes, top + 14) + YAxis(frame, "value");
  const double width = frame.width / static_cast<double>(count);
  const bool names = count <= kMostNames;
  for (size_t i = 0; i < count; ++i) {
    const dsp::FeatureName& name = plot.names[i];
    const auto value = static_cast<double>(plot.features[i]);
    const double x = frame.X(static_cast<double>(i));
    const double y = frame.Y(std::max(value, 0.0));
    char number[32];
    std::snprintf(number, sizeof number, "%.6g", value);
    const bool of_axis = name.axis >= 0 && static_cast<size_t>(name.axis) < plot.axes.size();
    const std::string full = (of_axis ? plot.axes[static_cast<size_t>(name.axis)] + " " : "") + name.text;
    svg += "<rect" +
           Attributes({{"x", x + 0.12 * width},
                       {"y", y},
                       {"width", std::max(0.76 * width, 0.2)},
                       {"height", std::max(std::fabs(frame.Y(value) - frame.Y(0)), 0.5)}}) +
           " style=\"fill:" + Hue(of_axis ? static_cast<size_t>(name.axis) : 0) + "\"><title>" +
           EscapeMarkup(full + ": " + number + (*name.unit != 0 ? std::string(" ") + name.unit : "")) +
           "</title></rect>";
    if (names) {
      svg += "<text class=\"small\" text-anchor=\"end\" transform=\"translate(" + Fixed(x + width / 2 + 4) + " " +
             Fixed(frame.bottom() + 12) + ") rotate(-60)\">" + EscapeMarkup(name.text) + "</text>";
    }
  }
  svg += "<line class=\"zero\"" +
         Attributes({{"x1", frame.left}, {"x2", frame.left + frame.width}, {"y1", frame.Y(0)}, {"y2", frame.Y(0)}}) +
         "/>";
  if (!names) {
    svg += XAxis(frame, count < plot.features.size() ? "feature (the first " + std::to_string(count) + ")" : "feature");
  }
  return kPanelHeading + kHeight + (names ? kNameRoom : kBelowPanel);
}

/// The picture that came, and the features as a picture beside it.
double Pictures(const FeaturePlot& plot, double top, std::string& svg) {
  constexpr double kSide = 400;
  constexpr double kGap = 64;
  const auto width = static_cast<size_t>(plot.window.width);
  const auto height = static_cast<size_t>(plot.window.height);
  std::vector<uint32_t> before, after;
  for (size_t i = 0; i < width * height; ++i) before.push_back(static_cast<uint32_t>(plot.samples[i]));
  const auto channels = static_cast<size_t>(plot.layout.channels);
  for (size_t i = 0; i < static_cast<size_t>(plot.layout.width) * static_cast<size_t>(plot.layout.height); ++i) {
    uint32_t pixel = 0;
    for (size_t c = 0; c < 3; ++c) {
      const auto value = static_cast<double>(plot.features[i * channels + (channels == 1 ? 0 : c)]);
      pixel = pixel << 8 | static_cast<uint32_t>(std::lround(255 * std::clamp(value, 0.0, 1.0)));
    }
    after.push_back(pixel);
  }
  const auto draw = [&](double left, std::string_view heading, int columns, int rows,
                        const std::vector<uint32_t>& pixels) {
    const double scale = kSide / std::max(columns, rows);
    svg += TextAt(left, top + 14, heading, "panel");
    svg += Image(left, top + kPanelHeading, columns * scale, rows * scale, PngBase64(columns, rows, pixels));
  };
  draw(kLeft, "Picture", plot.window.width, plot.window.height, before);
  draw(kLeft + kSide + kGap, channels == 1 ? "Features: one brightness a pixel" : "Features: red, green, blue a pixel",
       plot.layout.width, plot.layout.height, after);
  return kPanelHeading + kSide + 24;
}

std::string BigEndian(uint32_t value) {
  return {static_cast<char>(value >> 24), static_cast<char>(value >> 16), static_cast<char>(value >> 8),
          static_cast<char>(value)};
}

std::string PngChunk(std::string bytes) {
  const std::string length = BigEndian(static_cast<uint32_t>(bytes.size() - 4));
  return length + bytes + BigEndian(Crc32(std::as_bytes(std::span(bytes))));
}

}  // namespace

std::string PngBase64(int width, int height, std::span<const uint32_t> pixels) {
  // Rows of red, green, blue, each behind a 0 for "not filtered".
  std::string raw;
  for (size_t i = 0; i < pixels.size(); ++i) {
    if (i % static_cast<size_t>(width) == 0) raw += '\0';
    for (const int shift : {16, 8, 0}) raw += static_cast<char>(pixels[i] >> shift);
  }
  // zlib with stored blocks, and Adler-32 (RFC 1950, RFC 1951).
  constexpr size_t kMostStored = 65535;
  std::string zlib = "\x78\x01";
  for (size_t at = 0; at < raw.size(); at += kMostStored) {
    const size_t length = std::min(kMostStored, raw.size() - at);
    zlib += static_cast<char>(at + length == raw.size() ? 1 : 0);
    for (const size_t word : {length, ~length}) {
      zlib += static_cast<char>(word);
      zlib += static_cast<char>(word >> 8);
    }
    zlib.append(raw, at, length);
  }
  uint32_t a = 1, b = 0;
  for (const char c : raw) {
    a = (a + static_cast<unsigned char>(c)) % 65521;
    b = (b + a) % 65521;
  }
  zlib += BigEndian(b << 16 | a);

  std::string header = "IHDR" + BigEndian(static_cast<uint32_t>(width)) + BigEndian(static_cast<uint32_t>(height));
  header += {'\x08', '\x02', '\0', '\0', '\0'};  // 8 bits, colour
  const std::string png = "\x89PNG\r\n\x1a\n" + PngChunk(header) + PngChunk("IDAT" + zlib) + PngChunk("IEND");

  constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (size_t i = 0; i < png.size(); i += 3) {
    uint32_t bits = 0;
    for (size_t j = 0; j < 3; ++j)
      bits = bits << 8 | (i + j < png.size() ? static_cast<unsigned char>(png[i + j]) : 0u);
    for (size_t j = 0; j < 4; ++j) text += i + j <= png.size() ? kDigits[bits >> (18 - 6 * j) & 63] : '=';
  }
  return text;
}

std::string PlotSvg(const FeaturePlot& plot) {
  std::string panels;
  double top = kHeaderHeight;
  if (plot.layout.kind == dsp::Layout::Kind::kImage) {
    top += Pictures(plot, top, panels);
  } else {
    top += Signal(plot, top, panels);
    if (plot.layout.kind == dsp::Layout::Kind::kSpectrogram) {
      top += Map(plot, top, panels);
    } else {
      top += Spectrum(plot, top, panels);
      top += Bars(plot, top, panels);
    }
  }
  const std::string size = Fixed(kWidth) + " " + Fixed(top);
  return "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + size + "\" width=\"" + Fixed(kWidth) +
         "\" height=\"" + Fixed(top) + "\" role=\"img\"><title>" + EscapeMarkup(plot.title) + "</title><style>" +
         kStyleSheet + "</style><rect class=\"page\" width=\"100%\" height=\"100%\"/>" +
         TextAt(kLeft, 34, plot.title, "title") + TextAt(kLeft, 56, plot.subtitle) + panels + "</svg>\n";
}

}  // namespace thimble::cli
