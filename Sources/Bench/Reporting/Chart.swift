/// Drawings of a report as SVG.
enum Chart {
  /// A line's name and its points, ascending by x.
  struct Line {
    let name: String
    let points: [(x: Double, y: Double)]

    init(_ name: String, _ points: [(Double, Double)]) {
      self.name = name
      self.points = points.filter { $0.0.isFinite && $0.1.isFinite }
    }
  }

  /// A bar of two parts.
  struct Bar {
    let name: String
    let full: Double
    let pale: Double
    let colour: Int

    init(_ name: String, _ full: Double, _ pale: Double, colour: Int = 0) {
      self.colour = colour
      self.name = name
      self.full = full
      self.pale = pale
    }
  }

  /// As many as the style names.
  static let colours = 6
  /// Points of one line: more than a screen has columns would only make the page heavy.
  static let pointsMax = 600
  private static let (width, height) = (520.0, 260.0)
  private static let (left, right, top, bottom) = (52.0, 12.0, 10.0, 28.0)

  /// Where a share of so many stands on an axis of nines: 0 at 0, 1 at 90 %, 2 at 99 %; all of them half a value
  /// before the next nine that they could show.
  static func nines(_ share: Double, of count: UInt64) -> Double {
    Logarithm.ten(1 / max(1 - share, 0.5 / Double(max(count, 1))))
  }

  /// Lines over one axis; with percentiles the x axis is one of nines and the y axis logarithmic. Nothing without two
  /// points.
  static func curve(_ title: String, _ lines: [Line], isPercentile: Bool = false) -> String {
    let points = lines.flatMap(\.points)
    guard points.count > 1, let lastX = points.map(\.x).max(), let lastY = points.map(\.y).max(), lastY > 0 else {
      return ""
    }
    let firstX = isPercentile ? 0 : min(0, points.map(\.x).min() ?? 0)
    let firstY = isPercentile ? max(points.map(\.y).min() ?? 0.001, 0.001) : 0
    let axes = Axes(
      firstX: firstX, lastX: max(lastX, firstX + 0.001), firstY: firstY, lastY: lastY, isLog: isPercentile)
    let drawn = lines.enumerated().map { place, line in
      let path = thinned(line.points).map { "\(short(axes.x($0.x))),\(short(axes.y($0.y)))" }.joined(separator: " ")
      let colour = "var(--c\(place % colours))"
      let name = Report.escaped(line.name)
      return "<polyline points=\"\(path)\" fill=\"none\" stroke=\"\(colour)\" stroke-width=\"2\" "
        + "stroke-linejoin=\"round\"><title>\(name)</title></polyline>"
    }
    return figure(title, axes.grid(isPercentile: isPercentile) + drawn.joined(), height)
  }

  private static func thinned(_ points: [(x: Double, y: Double)]) -> [(x: Double, y: Double)] {
    guard points.count > pointsMax else { return points }
    let step = (points.count + pointsMax - 1) / pointsMax
    // The last point is the maximum: it may not be lost.
    return points.enumerated().filter { $0.offset % step == 0 || $0.offset == points.count - 1 }.map(\.element)
  }

  /// Bars, the longest as wide as the drawing.
  static func bars(_ title: String, _ bars: [Bar]) -> String {
    guard let most = bars.map({ $0.full + $0.pale }).max(), most > 0 else { return "" }
    let room = width - 170
    let rows = bars.enumerated().map { place, bar in
      let y = Double(place) * 24 + 6
      let (full, pale) = (bar.full / most * room, bar.pale / most * room)
      let colour = "var(--c\(bar.colour % colours))"
      let text = "\(Words.decimal(bar.full, 2)) + \(Words.decimal(bar.pale, 2)) s"
      return "<text x=\"0\" y=\"\(short(y + 12))\">\(Report.escaped(bar.name))</text>"
        + "<rect x=\"80\" y=\"\(short(y))\" width=\"\(short(full))\" height=\"16\" fill=\"\(colour)\"/>"
        + "<rect x=\"\(short(80 + full))\" y=\"\(short(y))\" width=\"\(short(pale))\" height=\"16\" "
        + "fill=\"\(colour)\" opacity=\"0.35\"/>"
        + "<text x=\"\(short(86 + full + pale))\" y=\"\(short(y + 12))\">\(text)</text>"
    }
    return figure(title, rows.joined(), Double(bars.count) * 24 + 10)
  }

  private static func figure(_ title: String, _ inside: String, _ height: Double) -> String {
    let name = Report.escaped(title)
    return "<figure><figcaption>\(name)</figcaption><svg viewBox=\"0 0 \(short(width)) \(short(height))\" role=\"img\" "
      + "aria-label=\"\(name)\">\(inside)</svg></figure>"
  }

  private static func short(_ value: Double) -> String { Words.decimal(value, 1) }

  private struct Axes {
    let firstX, lastX, firstY, lastY: Double
    let isLog: Bool

    func x(_ value: Double) -> Double { left + (value - firstX) / (lastX - firstX) * (width - left - right) }

    func y(_ value: Double) -> Double {
      let room = height - top - bottom
      guard isLog else { return height - bottom - value / lastY * room }
      let (low, high) = (Logarithm.ten(firstY), Logarithm.ten(max(lastY, firstY * 1.01)))
      return height - bottom - (Logarithm.ten(max(value, firstY)) - low) / (high - low) * room
    }

    func grid(isPercentile: Bool) -> String {
      (isLog ? decades : steps(lastY)).map(row).joined() + columns(isPercentile)
    }

    private func row(_ value: Double) -> String {
      let at = short(y(value))
      return "<line class=\"grid\" x1=\"\(short(left))\" x2=\"\(short(width - right))\" y1=\"\(at)\" y2=\"\(at)\"/>"
        + "<text x=\"\(short(left - 6))\" y=\"\(short(y(value) + 4))\" text-anchor=\"end\">\(Chart.word(value))</text>"
    }

    private func columns(_ isPercentile: Bool) -> String {
      let marks: [(Double, String)] =
        isPercentile
        ? ["0", "90", "99", "99.9", "99.99", "99.999"].enumerated().map { (Double($0.offset), $0.element + " %") }
        : steps(lastX).map { ($0, Chart.word($0)) }
      return marks.filter { $0.0 >= firstX && $0.0 <= lastX }.map { at, name in
        "<text x=\"\(short(x(at)))\" y=\"\(short(height - 8))\" text-anchor=\"middle\">\(name)</text>"
      }.joined()
    }

    private var decades: [Double] {
      var marks: [Double] = []
      var decade = 0.001
      while decade <= lastY {
        for mark in [decade, decade * 2, decade * 5] where mark >= firstY && mark <= lastY { marks.append(mark) }
        decade *= 10
      }
      return marks
    }

    /// Four or five round values from 0.
    private func steps(_ most: Double) -> [Double] {
      var step = 0.001
      while step * 5 < most { step *= 10 }
      for finer in [0.2, 0.5] where step * finer * 5 >= most {
        step *= finer
        break
      }
      return Array(stride(from: 0, through: most, by: step))
    }
  }

  private static func word(_ value: Double) -> String {
    value >= 1_000 ? Words.number(value) : value == value.rounded() ? Words.decimal(value, 0) : trimmed(value)
  }

  private static func trimmed(_ value: Double) -> String {
    var text = Words.decimal(value, 3)
    while text.last == "0" { text.removeLast() }
    return text
  }
}
