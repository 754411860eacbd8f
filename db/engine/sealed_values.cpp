#include "db/engine/sealed_values.h"

#include "db/engine/engine.h"

#include <algorithm>
#include <string_view>

namespace bm::db {

namespace {

constexpr std::string_view kMark = "sealed:1:";
constexpr std::string_view kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";

using Again = std::function<std::optional<std::string>(const std::string& sealed)>;

/// Replaces the sealed parts of @p text.
std::string resealed(const std::string& text, const Again& again, Resealed& count)
{
    std::string out;
    std::size_t done = 0;
    for (std::size_t at = text.find(kMark); at != std::string::npos; at = text.find(kMark, done)) {
        const std::size_t end = std::min(text.find_first_not_of(kBase64, at + kMark.size()), text.size());
        const std::string sealed = text.substr(at, end - at);
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
