// Adam in place: one pass over parameter and moments. The gradient is read from memory, or formed row by row in the
// first-level cache from the pairs of a sparse code, projected and consumed there.
#include "../native/calls.h"
#include "../native/row-gradient.h"

namespace switchyard {
namespace SWITCHYARD_ISA {

/** `count` = lanes, or fewer at the very end. */
SWITCHYARD_INLINE void adamVector(float* parameter, const float* gradient, float* first, float* second,
                                  const AdamConstants& c, int64_t count) {
  const bool whole = count == lanes;
  const vec g = whole ? load(gradient) : loadPart(gradient, count);
  const vec m = splat(c.beta1) * (whole ? load(first) : loadPart(first, count)) + splat(c.rest1) * g;
  const vec v = splat(c.beta2) * (whole ? load(second) : loadPart(second, count)) + splat(c.rest2) * (g * g);
  const vec change = splat(c.stepSize) * m / (squareRoot(v) * splat(c.rootCorrection) + splat(c.epsilon));
  const vec p = (whole ? load(parameter) : loadPart(parameter, count)) - change;
  if (whole) {
    store(first, m);
    store(second, v);
    store(parameter, p);
  } else {
    storePart(first, m, count);
    storePart(second, v, count);
    storePart(parameter, p, count);
  }
}

static void adamRange(float* parameter, const float* gradient, float* first, float* second, const AdamConstants& c,
                      int64_t size) {
  int64_t i = 0;
  for (; i + lanes <= size; i += lanes) adamVector(parameter + i, gradient + i, first + i, second + i, c, lanes);
  if (i < size) adamVector(parameter + i, gradient + i, first + i, second + i, c, size - i);
}

static void adam(const AdamCall& call, ThreadPool& pool) {
  inRanges(pool, call.size, 16384, [&](int64_t begin, int64_t end) {
    adamRange(call.parameter + begin, call.gradient + begin, call.first + begin, call.second + begin, call.constants,
              end - begin);
  });
}

static void adamRows(const AdamRowsCall& call, ThreadPool& pool) {
  const RowGradient& gradient = call.gradient;
  const int64_t D = gradient.D;
  inParallel(pool, ceilDivide(gradient.F, featuresOfUnit), [&](int64_t unit, Arena& arena) {
    float* const row = arena.floats(D);
    for (int64_t f = unit * featuresOfUnit; f < smaller(gradient.F, (unit + 1) * featuresOfUnit); f++) {
      formRow(gradient, call.parameter, f, row);
      adamRange(call.parameter + f * D, row, call.first + f * D, call.second + f * D, call.constants, D);
    }
  });
}

}  // namespace SWITCHYARD_ISA
}  // namespace switchyard
