#include "db/engine/sealed_values.h"

#include "common/platform/secrets.h"
#include "db/engine/engine.h"

#include <algorithm>
#include <string_view>

namespace bm::db {

namespace {

constexpr std::string_view kMark = "sealed:";
/// The characters of base64, and the colon between a sealed text's parts.
constexpr std::string_view kParts = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=:";

using Again = std::function<std::optional<std::string>(const std::string& sealed)>;

/// Replaces the sealed parts of @p text.
std::string resealed(const std::string& text, const Again& again, Resealed& count)
{
    std::string out;
    std::size_t done = 0;
    for (std::size_t at = text.find(kMark); at != std::string::npos; at = text.find(kMark, done)) {
        const std::size_t end = std::min(text.find_first_not_of(kParts, at + kMark.size()), text.size());
        const std::string sealed = text.substr(at, end - at);
        if (!platform::SecretBox::isSealed(sealed)) { // the word in somebody's text
            out += text.substr(done, end - done);
            done = end;
            continue;
        }
        const std::optional<std::string> fresh = again(sealed);
        ++(fresh ? count.values : count.lost);
        out += text.substr(done, at - done) + fresh.value_or(sealed);
        done = end;
    }
    return out + text.substr(done);
}

} // namespace

Resealed resealAll(Database& database, const Again& again)
{
    return database.write([&](Transaction& tx) {
        Resealed count;
        database.engine().rewriteTexts(tx, kMark,
                                       [&](const std::string& text) { return resealed(text, again, count); });
        return count;
    });
}

SealedCount countSealed(Transaction& tx, const Engine& engine,
                        const std::function<bool(const std::string& sealed)>& opens)
{
    Resealed seen;
    const Again check = [&](const std::string& sealed) {
        return opens(sealed) ? std::optional(sealed) : std::nullopt;
    };
    engine.rewriteTexts(tx, kMark, [&](const std::string& text) { return resealed(text, check, seen); });
    return {seen.values + seen.lost, seen.lost};
}

} // namespace bm::db
