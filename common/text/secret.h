#pragma once
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

namespace bm::text {

/// Overwrites the whole buffer of @p text, which is empty afterwards.
inline void wipe(std::string& text) noexcept
{
    text.resize(text.capacity()); // allocates nothing
    ::explicit_bzero(text.data(), text.size());
    text.clear();
}

/// A key or a password. Its bytes are overwritten before their memory is given back, and after a move. Copies
/// of its text in a std::string are the caller's business (wipe()).
class Secret {
public:
    Secret() = default;
    Secret(std::string_view text) : text_(text) {}   // NOLINT(google-explicit-constructor)
    Secret(const char* text) : text_(text) {}        // NOLINT(google-explicit-constructor)
    Secret(const std::string& text) : text_(text) {} // NOLINT(google-explicit-constructor)
    /// Takes the buffer over and leaves nothing in @p text.
    Secret(std::string&& text) noexcept : text_(std::move(text)) // NOLINT(google-explicit-constructor)
    {
        wipe(text); // NOLINT(bugprone-use-after-move): a short text stays in a moved string
    }
    Secret(const Secret&) = default;
    Secret(Secret&& other) noexcept : text_(std::move(other.text_))
    {
        wipe(other.text_); // NOLINT(bugprone-use-after-move)
    }
    Secret& operator=(const Secret& other)
    {
        if (this != &other)
            *this = Secret(other);
        return *this;
    }
    Secret& operator=(Secret&& other) noexcept
    {
        if (this != &other) {
            wipe(text_);
            text_.swap(other.text_);
            wipe(other.text_); // a short text is copied
        }
        return *this;
    }
    ~Secret() { wipe(text_); }

    const std::string& text() const noexcept { return text_; }
    std::string_view view() const noexcept { return text_; }
    bool empty() const noexcept { return text_.empty(); }
    std::size_t size() const noexcept { return text_.size(); }
    void clear() noexcept { wipe(text_); }
    bool operator==(const Secret&) const = default;

private:
    std::string text_{};
};

} // namespace bm::text
