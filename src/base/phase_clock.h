#pragma once

#include <array>
#include <chrono>
#include <cstddef>

namespace incipit {

/// What a pass spends its time on.
enum class Phase { matmul, matmul_backward, attention, attention_backward, norm, activation };
inline constexpr std::size_t kPhases = 6;

/// While it lives, sums what the PhaseTimers of its thread measure. Without one they cost a branch.
class PhaseClock {
 public:
  PhaseClock() : previous_(current_) { current_ = this; }
  PhaseClock(const PhaseClock&) = delete;
  PhaseClock& operator=(const PhaseClock&) = delete;
  ~PhaseClock() { current_ = previous_; }

  double seconds(Phase phase) const { return seconds_[static_cast<std::size_t>(phase)]; }
  void reset() { seconds_ = {}; }

 private:
  friend class PhaseTimer;

  inline static thread_local PhaseClock* current_ = nullptr;
  PhaseClock* previous_;
  std::array<double, kPhases> seconds_{};
};

/// Counts the time of its scope to a phase. Phases do not nest.
class PhaseTimer {
 public:
  explicit PhaseTimer(Phase phase) : clock_(PhaseClock::current_), phase_(phase) {
    if (clock_ != nullptr) start_ = std::chrono::steady_clock::now();
  }
  PhaseTimer(const PhaseTimer&) = delete;
  PhaseTimer& operator=(const PhaseTimer&) = delete;
  ~PhaseTimer() {
    if (clock_ == nullptr) return;
    const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - start_;
    clock_->seconds_[static_cast<std::size_t>(phase_)] += spent.count();
  }

 private:
  PhaseClock* clock_;
  Phase phase_;
  std::chrono::steady_clock::time_point start_{};
};

}  // namespace incipit
