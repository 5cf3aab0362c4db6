#!/usr/bin/env bash
# Synthesises the recordings in this folder: four voices, at common rates, mono and stereo.
# Needs flite and sox (in Debian, packages of these names). The results are in the repository: run it to change them.
set -euo pipefail
cd "$(dirname "$0")"

# speak VOICE FILE RATE CHANNELS TEXT
speak() {
    local raw
    raw=$(mktemp --suffix=.wav)
    flite -voice "$1" -t "$5" -o "$raw"
    sox -R -D -G "$raw" -b 16 -r "$3" "$2" remix $([ "$4" = 2 ] && echo "1 1v0.7" || echo 1)
    rm "$raw"
}

speak slt slt-16k-mono.wav 16000 1 "Low voices carry further than you think."
speak slt slt-48k-stereo.flac 48000 2 "The ferry leaves at seven, and nobody waits for the captain's brother."
speak rms rms-44k-stereo.flac 44100 2 "A message of a few hundred bits a second can cross an ocean on a poor radio."
speak awb awb-48k-mono.flac 48000 1 "Please bring the blue umbrella, a map, and something warm to drink."
speak awb awb-44k-mono.flac 44100 1 "Who would have guessed that so little is enough?"
speak kal16 kal-16k-mono.flac 16000 1 "Testing, one, two, three, four, five, six, seven, eight, nine, ten."
