#include "simulator/az3166/panel.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <string_view>

namespace thimble::simulator {
namespace {

struct Led {
  const char* name;
  double Panel::*share;
  Colour light;
};

constexpr Led kLeds[] = {
    {"Wi-Fi", &Panel::wifi_led, {0.10f, 1.0f, 0.25f}},
    {"Azure", &Panel::azure_led, {0.08f, 0.35f, 1.0f}},
    {"User", &Panel::user_led, {1.0f, 0.55f, 0.05f}},
};

constexpr Colour kSilk = {0.62f, 0.65f, 0.66f};
constexpr Colour kGold = {0.62f, 0.40f, 0.12f};

double Share(double share) { return std::isnan(share) ? 0 : std::clamp(share, 0.0, 1.0); }

/// What a share of time looks like: eyes are not linear, and an LED at 5 % is plainly on.
double Seen(double share) { return std::pow(Share(share), 1 / 1.6); }

Colour Scaled(Colour colour, double by) {
  const auto factor = static_cast<float>(by);
  return {colour.red * factor, colour.green * factor, colour.blue * factor};
}

Colour Sum(Colour a, Colour b) { return {a.red + b.red, a.green + b.green, a.blue + b.blue}; }

/// The hue of the three shares, as bright as the brightest of them looks.
Colour RgbLight(const Panel& panel) {
  const Colour shares = {static_cast<float>(Share(panel.red)), static_cast<float>(Share(panel.green)),
                         static_cast<float>(Share(panel.blue))};
  const float brightest = std::max({shares.red, shares.green, shares.blue});
  return brightest > 0 ? Scaled(shares, Seen(brightest) / brightest) : shares;
}

void DrawLed(Picture& picture, double x, double y, double u, double size, Colour light) {
  const double half = size / 2;
  picture.Rectangle(x - half * 1.5, y - half, x + half * 1.5, y + half, 0.6 * u, {0.34f, 0.33f, 0.30f});
  picture.Rectangle(x - half * 1.5, y - half, x - half * 1.15, y + half, 0.3 * u, {0.45f, 0.43f, 0.38f});
  picture.Rectangle(x + half * 1.15, y - half, x + half * 1.5, y + half, 0.3 * u, {0.45f, 0.43f, 0.38f});
  const double strength = std::max({light.red, light.green, light.blue});
  if (strength <= 0) {
    picture.Disc(x, y, half * 0.72, {0.20f, 0.20f, 0.17f});
    return;
  }
  const float white = static_cast<float>(0.30 * strength);
  picture.Disc(x, y, half * 0.80, Sum(light, {white, white, white}));
  picture.Glow(x, y, size * 5, light, 0.50);
  picture.Glow(x, y, size * 1.6, light, 0.75);
}

void DrawButton(Picture& picture, double x, double y, double u, const char* name, bool pressed) {
  const double half = 9 * u;
  picture.Rectangle(x - half + 0.5 * u, y - half + 1.2 * u, x + half + 0.5 * u, y + half + 1.2 * u, 2 * u, {0, 0, 0},
                    0.45);
  for (const double side : {-1.0, 1.0}) {  // the legs
    for (const double up : {-5.0, 5.0}) {
      picture.Rectangle(x + side * half - 1.6 * u, y + up * u - 1.4 * u, x + side * half + 1.6 * u,
                        y + up * u + 1.4 * u, 0.4 * u, {0.40f, 0.41f, 0.43f});
    }
  }
  picture.Rectangle(x - half, y - half, x + half, y + half, 1.6 * u, {0.23f, 0.24f, 0.26f});
  picture.Rectangle(x - half + 0.7 * u, y - half + 0.7 * u, x + half - 0.7 * u, y + half - 0.7 * u, 1.2 * u,
                    {0.32f, 0.33f, 0.35f});
  for (const double side : {-1.0, 1.0}) {
    for (const double up : {-1.0, 1.0}) {
      picture.Disc(x + side * (half - 2.3 * u), y + up * (half - 2.3 * u), 1.0 * u, {0.09f, 0.09f, 0.10f});
    }
  }
  const double radius = pressed ? 5.0 * u : 5.6 * u;
  picture.Disc(x, y + (pressed ? 0 : 0.7) * u, radius + 0.5 * u, {0, 0, 0}, pressed ? 0.7 : 0.5);
  picture.Disc(x, y, radius, pressed ? Colour{0.010f, 0.010f, 0.012f} : Colour{0.030f, 0.031f, 0.034f});
  if (pressed) {
    picture.Ring(x, y, radius + 2.0 * u, 0.7 * u, {0.30f, 0.72f, 1.0f}, 0.95);
    picture.Glow(x, y, 15 * u, {0.16f, 0.45f, 0.90f}, 0.30);
  } else {
    picture.Disc(x, y - 0.5 * u, radius * 0.86, {0.045f, 0.046f, 0.050f});
  }
  const double height = 5 * u;
  picture.Text(x - Picture::TextWidth(height, name) / 2, y + half + 4.5 * u + height, height, name, kSilk, 0.9);
}

void DrawHole(Picture& picture, double x, double y, double u) {
  picture.Disc(x, y, 5 * u, kGold, 0.85);
  picture.Ring(x, y, 5 * u, 0.5 * u, {0.80f, 0.58f, 0.25f}, 0.7);
  picture.Disc(x, y, 3.2 * u, {0.016f, 0.017f, 0.019f});
}

// Terminal

std::string Escape(Colour light) {
  std::array<char, 32> text;
  const auto byte = [](float value) { return static_cast<int>(std::lround(255 * std::clamp(value, 0.0f, 1.0f))); };
  std::snprintf(text.data(), text.size(), "\x1b[38;2;%d;%d;%dm", byte(light.red), byte(light.green), byte(light.blue));
  return text.data();
}

constexpr const char* kPlain = "\x1b[0m";

std::string Percent(double share) {
  if (share <= 0 || share >= 1) return "";
  return " " + std::to_string(std::max(1L, std::lround(share * 100))) + " %";
}

}  // namespace

Picture PanelPicture(const Panel& panel, int scale) {
  const double u = std::clamp(scale, 3, 12);
  const double width = 212 * u;
  const double height = 146 * u;
  Picture picture(static_cast<int>(width), static_cast<int>(height), {0.040f, 0.042f, 0.047f});

  // The board, its shadow on the table, and light from above.
  for (int i = 6; i >= 1; --i) {
    picture.Rectangle((6 - i) * u, (8 - i) * u, width - (6 - i) * u, height - (4 - i) * u, 11 * u, {0, 0, 0}, 0.09);
  }
  picture.Rectangle(6 * u, 6 * u, width - 6 * u, height - 6 * u, 8 * u, {0.0075f, 0.0160f, 0.0190f});
  for (int band = 0; band < 24; ++band) {
    picture.Rectangle(6 * u, 6 * u, width - 6 * u, height - (6 + 5 * band) * u, 8 * u, {0.020f, 0.042f, 0.050f}, 0.020);
  }
  picture.Frame(6 * u, 6 * u, width - 6 * u, height - 6 * u, 8 * u, 0.6 * u, {0.045f, 0.075f, 0.085f}, 0.8);
  for (const double x : {16 * u, width - 16 * u}) DrawHole(picture, x, 16 * u, u);

  // The edge connector.
  for (int finger = 0; finger < 37; ++finger) {
    const double x = 22 * u + finger * 4.6 * u;
    const bool wide = finger % 9 == 0;
    const double half = wide ? 1.9 * u : 1.4 * u;
    picture.Rectangle(x + 1.2 * u - half, height - 15 * u, x + 1.2 * u + half, height - 6.6 * u, 0.4 * u, kGold, 0.92);
    picture.Rectangle(x + 1.2 * u - half, height - 15 * u, x + 1.2 * u - half + 0.5 * u, height - 6.6 * u, 0.2 * u,
                      {0.85f, 0.64f, 0.30f}, 0.6);
  }

  // LEDs and names.
  double x = 44 * u;
  for (const Led& led : kLeds) {
    const double label = 3.6 * u;
    picture.Text(x + 5.5 * u, 19.8 * u, label, led.name, kSilk, 0.9);
    x += 15 * u + Picture::TextWidth(label, led.name);
  }
  picture.Text(width - 57 * u, 19.8 * u, 3.6 * u, "RGB", kSilk, 0.9);
  const double title = 3.0 * u;
  picture.Text((width - Picture::TextWidth(title, "MXCHIP AZ3166")) / 2, height - 20.5 * u, title, "MXCHIP AZ3166",
               kSilk, 0.75);

  // The display's module: glass, glued to the board.
  const double left = (width - kScreenWidth * u) / 2;
  const double top = 37 * u;
  const double right = left + kScreenWidth * u;
  const double bottom = top + kScreenHeight * u;
  picture.Rectangle(left - 6 * u, top - 7 * u, right + 8 * u, bottom + 14 * u, 2.5 * u, {0, 0, 0}, 0.35);
  picture.Rectangle(left - 7 * u, top - 8 * u, right + 7 * u, bottom + 12 * u, 2 * u, {0.0060f, 0.0068f, 0.0085f});
  picture.Frame(left - 7 * u, top - 8 * u, right + 7 * u, bottom + 12 * u, 2 * u, 0.5 * u, {0.075f, 0.085f, 0.10f},
                0.8);
  picture.Rectangle(left - 3 * u, top - 3 * u, right + 3 * u, bottom + 3 * u, 1 * u, {0.0015f, 0.0018f, 0.0024f});
  picture.Rectangle(left + 34 * u, bottom + 5.5 * u, right - 34 * u, bottom + 9.5 * u, 0.6 * u,
                    {0.012f, 0.013f, 0.015f});
  DrawScreen(picture, left, top, u, panel.screen);

  DrawButton(picture, 20.5 * u, 74 * u, u, "A", panel.button_a);
  DrawButton(picture, width - 20.5 * u, 74 * u, u, "B", panel.button_b);

  // Light falls on everything around it, so it comes last.
  x = 44 * u;
  for (const Led& led : kLeds) {
    DrawLed(picture, x, 18 * u, u, 3.4 * u, Scaled(led.light, Seen(panel.*led.share)));
    x += 15 * u + Picture::TextWidth(3.6 * u, led.name);
  }
  DrawLed(picture, width - 64 * u, 18 * u, u, 5 * u, RgbLight(panel));
  return picture;
}

std::string PanelText(const Panel& panel, TerminalStyle style, bool colour) {
  const bool ascii = style == TerminalStyle::kAscii;
  const int columns = style == TerminalStyle::kQuarterBlocks ? kScreenWidth / 2 : kScreenWidth;
  const char* const* edge = nullptr;
  constexpr const char* kDrawn[6] = {"╭", "╮", "╰", "╯", "─", "│"};
  constexpr const char* kTyped[6] = {"+", "+", "+", "+", "-", "|"};
  edge = ascii ? kTyped : kDrawn;
  const auto rule = [&](const char* first, const char* last) {
    std::string line = first;
    for (int i = 0; i < columns; ++i) line += edge[4];
    return line + last + "\n";
  };

  std::string text = rule(edge[0], edge[1]);
  const std::string screen = ToTerminal(panel.screen, style);
  const Colour light = Scaled({0.80f, 0.93f, 1.0f}, 0.35 + 0.65 * panel.screen.brightness / 255.0);
  for (size_t at = 0; at < screen.size();) {
    const size_t end = screen.find('\n', at);
    text +=
        edge[5] + (colour ? Escape(light) : "") + screen.substr(at, end - at) + (colour ? kPlain : "") + edge[5] + "\n";
    at = end + 1;
  }
  text += rule(edge[2], edge[3]);

  const auto dot = [&](Colour lit, double share) -> std::string {
    if (Share(share) <= 0) return ascii ? "o" : "○";
    const std::string sign = ascii ? "*" : "●";
    return colour ? Escape(Scaled(lit, 0.35 + 0.65 * Seen(share))) + sign + kPlain : sign;
  };
  for (const Led& led : kLeds) {
    const double share = Share(panel.*led.share);
    text += " " + dot(led.light, share) + " " + led.name + Percent(share) + "  ";
  }
  const std::array<double, 3> shares = {Share(panel.red), Share(panel.green), Share(panel.blue)};
  const double brightest = *std::max_element(shares.begin(), shares.end());
  text += " " + dot(RgbLight(panel), brightest) + " RGB";
  if (brightest > 0) {
    std::array<char, 16> code;
    std::snprintf(code.data(), code.size(), " #%02lx%02lx%02lx", std::lround(255 * shares[0]),
                  std::lround(255 * shares[1]), std::lround(255 * shares[2]));
    text += code.data();
  }
  const auto button = [&](const char* name, bool pressed) {
    return std::string("   ") + (pressed ? "[" : " ") + name + (pressed ? "] pressed" : " ");
  };
  return text + button("A", panel.button_a) + button("B", panel.button_b) + "\n";
}

}  // namespace thimble::simulator
