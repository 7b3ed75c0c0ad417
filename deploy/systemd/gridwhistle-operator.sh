#!/bin/sh
# /usr/local/bin/gridwhistle: a command of the operator, as a unit of its own: not as root, with the operator's settings and secrets.
if [ -z "$CREDENTIALS_DIRECTORY" ]; then
    terminal=--pipe
    [ -t 0 ] && [ -t 1 ] && terminal=--pty
    for word; do # systemd would put variables of its own into what is given: a dollar is doubled
        shift
        set -- "$@" "$(printf '%s' "$word" | sed 's/\$/$$/g')"
    done
    exec systemd-run --quiet --collect --wait "$terminal" --same-dir --service-type=exec --uid=gridwhistle --gid=gridwhistle \
        --property=EnvironmentFile=/etc/gridwhistle/gridwhistle.env \
        --property=EnvironmentFile=/etc/gridwhistle/operator.env \
        --property=LoadCredential=kafka-password:/etc/gridwhistle/secrets/operator.kafka-password \
        --property=LoadCredential=redis-password:/etc/gridwhistle/secrets/redis-password \
        --property=LoadCredential=database-password:/etc/gridwhistle/secrets/database-password \
        --property=StateDirectory=gridwhistle --property=StateDirectoryMode=0700 --property=UMask=0077 \
        -- /usr/local/bin/gridwhistle "$@"
fi
export GRIDWHISTLE_DATA_DIR=/var/lib/gridwhistle
export GRIDWHISTLE_KAFKA_PASSWORD_FILE="$CREDENTIALS_DIRECTORY/kafka-password"
export GRIDWHISTLE_REDIS_PASSWORD_FILE="$CREDENTIALS_DIRECTORY/redis-password"
export GRIDWHISTLE_DATABASE_PASSWORD_FILE="$CREDENTIALS_DIRECTORY/database-password"
exec /opt/gridwhistle/bin/gridwhistle "$@"
