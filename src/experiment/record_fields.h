#pragma once

#include <concepts>
#include <type_traits>

#include "incipit/comparison.h"

namespace incipit {

/// Both ways use one list of fields a struct, so that they cannot disagree.
template <typename M, typename T>
concept Is = std::same_as<std::remove_const_t<M>, T>;

void fields(auto& io, Is<Interval> auto& x) {
  io("low", x.low);
  io("high", x.high);
}
void fields(auto& io, Is<ClassMetrics> auto& x) {
  io("precision", x.precision);
  io("recall", x.recall);
  io("f1", x.f1);
  io("support", x.support);
  io("predicted", x.predicted);
}
void fields(auto& io, Is<Metrics> auto& x) {
  io("count", x.count);
  io("accuracy", x.accuracy);
  io("accuracy_interval", x.accuracy_interval);
  io("f1", x.f1);
  io("f1_interval", x.f1_interval);
  io("f1_micro", x.f1_micro);
  io("f1_macro", x.f1_macro);
  io("matthews", x.matthews);
  io("classes", x.classes);
  io("confusion", x.confusion);
  io("calibration_error", x.calibration_error);
  io("loss", x.loss);
  io("majority_class", x.majority_class);
  io("majority_accuracy", x.majority_accuracy);
  io("majority_f1", x.majority_f1);
  io("collapsed_to", x.collapsed_to);
}
void fields(auto& io, Is<EpochReport> auto& x) {
  io("epoch", x.epoch);
  io("train_loss", x.train_loss);
  io("eval", x.eval);
  io("best", x.best);
}
void fields(auto& io, Is<WrongExample> auto& x) {
  io("id", x.id);
  io("text", x.text);
  io("label", x.label);
  io("predicted", x.predicted);
  io("probability", x.probability);
}
void fields(auto& io, Is<NearWord> auto& x) {
  io("id", x.id);
  io("piece", x.piece);
  io("cosine", x.cosine);
  io("distance", x.distance);
}
void fields(auto& io, Is<VirtualTokenView> auto& x) {
  io("nearest", x.nearest);
  io("norm", x.norm);
  io("movement", x.movement);
  io("attention", x.attention);
  io("accuracy_without", x.accuracy_without);
  io("x", x.x);
  io("y", x.y);
}
void fields(auto& io, Is<WordPoint> auto& x) {
  io("piece", x.piece);
  io("x", x.x);
  io("y", x.y);
}
void fields(auto& io, Is<LayerAttention> auto& x) {
  io("layer", x.layer);
  io("virtual_tokens", x.virtual_tokens);
  io("special", x.special);
  io("text", x.text);
}
void fields(auto& io, Is<PromptInspection> auto& x) {
  io("tokens", x.tokens);
  io("insert_layer", x.insert_layer);
  io("comparable", x.comparable);
  io("random_cosine", x.random_cosine);
  io("random_cosine_high", x.random_cosine_high);
  io("random_distance", x.random_distance);
  io("median_word_norm", x.median_word_norm);
  io("similarity", x.similarity);
  io("movement", x.movement);
  io("near_words", x.near_words);
  io("other_words", x.other_words);
  io("explained", x.explained);
  io("attention", x.attention);
  io("examples", x.examples);
  io("accuracy", x.accuracy);
  io("accuracy_without_prompt", x.accuracy_without_prompt);
}
void fields(auto& io, Is<TrialRecord> auto& x) {
  io("seed", x.seed);
  io("step_losses", x.step_losses);
  io("epochs", x.epochs);
  io("best_epoch", x.best_epoch);
  io("test", x.test);
  io("correct", x.correct);
  io("predicted", x.predicted);
  io("most_wrong", x.most_wrong);
  io("train_seconds", x.train_seconds);
  io("test_seconds", x.test_seconds);
  io("peak_bytes", x.peak_bytes);
  io("prompt", x.prompt);
  io.optional("found_words", x.found_words);
}

}  // namespace incipit
