#include "bmd/rotate_key.h"

#include "bmd/backup/state_lock.h"
#include "bmd/db_command.h"
#include "common/model/error.h"
#include "common/platform/secrets.h"

namespace bm::bmd {

using model::Error;
using model::ErrorCode;

db::Resealed rotateKey(const Config& config)
{
    for (const std::filesystem::path& file : {config.database.file, config.paths.secretKeyFile})
        if (!std::filesystem::exists(file))
            throw Error(ErrorCode::NotFound, file.string() + ": no such file",
                        "bmd creates it at its first start; until then there is no key to rotate");
    const StateLock lock(placesOf(config));
    platform::KeyRotation rotation(config.paths.secretKeyFile);
    db::Resealed count;
    {
        db::Database database = db::openDatabase(config.database);
        count = db::resealAll(database, [&](const std::string& sealed) { return rotation.resealed(sealed); });
    }
    db::makeEngine(config.database)->eraseDeleted();
    rotation.finish();
    return count;
}

} // namespace bm::bmd
