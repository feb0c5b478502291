#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace incipit {

struct Example;

/// What texts go through as they are read, before anything else sees them (docs/preparation.md).
struct Preparation {
  enum class Kind {
    none,
    movie_review,         // cleaned, the first 51 words
    movie_review_index0,  // the same, without the vocabulary's first word, which shares padding's index
  };

  Kind kind = Kind::none;
  /// Of movie_review_index0: the word that is lost. Empty: the first word of the data.
  std::string lost_word;

  friend bool operator==(const Preparation&, const Preparation&) = default;
};

/// none, movie-review and movie-review-index0.
std::vector<std::string> preparation_names();
std::string_view name_of(Preparation::Kind kind);
std::optional<Preparation::Kind> preparation_by_name(std::string_view name);

/// Prepares texts one at a time, in the order of their data.
class Preparer {
 public:
  explicit Preparer(Preparation preparation) : preparation_(std::move(preparation)) {}

  void apply(Example& example);

  /// With the word that is lost, once a word has been read.
  const Preparation& preparation() const { return preparation_; }
  /// Words of the longest text when it was cleaned and not cut yet; 0 where nothing is prepared.
  std::size_t longest() const { return longest_; }
  /// One line where texts were left without a word.
  std::vector<std::string> warnings() const;

 private:
  std::string prepare(std::string_view text);

  Preparation preparation_;
  std::size_t longest_ = 0;
  std::int64_t emptied_ = 0;
};

}  // namespace incipit
