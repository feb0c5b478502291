#pragma once

#include <string>

#include "experiment/page/html.h"
#include "experiment/page/scale.h"

namespace incipit {

/// The plane of a chart whose drawing is 420 wide: grid, tick labels and titles of both axes.
class Axes {
 public:
  static constexpr double kWidth = 420;

  struct Titles {
    std::string x, y;
  };
  /// `whole_x`: ticks at whole numbers only, as for epochs.
  Axes(const Range& x, const Range& y, double height, bool whole_x);

  double x(double value) const { return x_(value); }
  double y(double value) const { return y_(value); }
  double left() const { return kLeft; }
  double right() const { return kWidth - kRight; }
  double bottom() const { return height_ - kBottom; }
  double height() const { return height_; }

  Markup drawn(const Titles& titles) const;

 private:
  static constexpr double kLeft = 46, kRight = 10, kTop = 20, kBottom = 36;
  double height_;
  bool whole_x_;
  Scale x_, y_;
};

}  // namespace incipit
