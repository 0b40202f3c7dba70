//! Who vouches for a tape or a result: its signature.

use crate::support::{Folder, PERTURBED};
use crate::trust::accepted;

/// Writes a new key to `key.pub`, and gives what signs files by it.
fn signer(folder: &Folder) -> impl Fn(&str) {
    let keys = minisign::KeyPair::generate_unencrypted_keypair().unwrap();
    folder.write("key.pub", keys.pk.to_box().unwrap().to_string());
    move |file| {
        let bytes = std::fs::read(folder.join(file)).unwrap();
        let signature = minisign::sign(Some(&keys.pk), &keys.sk, std::io::Cursor::new(bytes), None, None).unwrap();
        folder.write(&format!("{file}.minisig"), signature.to_string());
    }
}

#[test]
fn a_signature_vouches_for_a_tape_and_a_result() {
    let folder = accepted();
    folder.ok(&["generate", "exemplar", "--dataset", "job", "--seed", "1", "--tape", "t.jsonl"]);
    let sign = signer(&folder);
    let files = ["t.jsonl", "results/p"];
    let verify = || folder.run(&["verify", files[0], files[1], "--key", "key.pub", "--json"]);
    assert_eq!(verify().code, 12);
    sign("t.jsonl.hash");
    let half = verify();
    assert_eq!(
        (half.code, &half.json()[0]["ok"], &half.json()[1]["error"]["kind"]),
        (12, &true.into(), &"signature".into())
    );
    sign("results/p/expected.toml");
    assert_eq!(verify().code, 0, "{}", verify().stderr);
    // Somebody changes a table and its digest, or the whole tape with its manifest.
    folder.ok(&["generate", "exemplar", "--dataset", "job", "--seed", "2", "--tape", "t.jsonl"]);
    let forged = folder.read("results/p/expected.toml").replace("samples = ", "samples = 1");
    folder.write("results/p/expected.toml", forged);
    let json = verify().json();
    assert!(json[0]["error"]["message"].as_str().unwrap().contains("is not signed by the key `key.pub`"), "{json}");
    assert_eq!(json[1]["error"]["kind"], "signature");
    folder.write("results/p/episodes.csv", "");
    let (code, message) = folder.refusal(&["verify", "results/p"]);
    assert_eq!(code, 12);
    assert!(message.contains("its SHA-256 is"), "{message}");
}

#[test]
fn a_signature_is_of_one_experiment_and_one_tape_and_every_command_asks_for_it() {
    let folder = Folder::project(&[("p", PERTURBED), ("q", &PERTURBED.replace("42", "7"))]);
    assert_eq!(folder.run(&["run"]).code, 11);
    folder.ok(&["accept"]);
    let sign = signer(&folder);
    let key = ["--key", "key.pub"];
    let refused = |arguments: &[&str], why: &str| {
        let (code, message) = folder.refusal(&[arguments, &key].concat());
        assert!(code == 12 && message.contains(why), "{arguments:?}: {code} {message}");
    };
    let tape = "out/p/tape.jsonl";
    refused(&["run", "p"], "is not signed by the key");
    refused(&["replay", tape, "--out", "o"], "is not signed by the key");
    ["results/p/expected.toml", "results/q/expected.toml", "out/p/tape.jsonl.hash"].into_iter().for_each(&sign);
    for arguments in [&["run"][..], &["verify", "results/p", "results/q", tape], &["replay", tape, "--out", "o"]] {
        folder.ok(&[arguments, &key].concat());
    }
    let (code, message) =
        folder.refusal(&["convert", "x.csv", "--dataset", "job", "--tape", "x.jsonl", "--key", "key.pub"]);
    assert!(code == 2 && message.contains("only recordings have manifests"), "{code} {message}");
    // The tape of one experiment in the place of that of another, or under another name.
    for name in ["out/q/tape.jsonl", "t.jsonl"] {
        for ending in ["", ".hash", ".hash.minisig"] {
            std::fs::copy(folder.join(&format!("{tape}{ending}")), folder.join(&format!("{name}{ending}"))).unwrap();
        }
        folder.ok(&["verify", name]);
        refused(&["verify", name], "is signed as that of `p/tape.jsonl`");
        refused(&["replay", name, "--out", "o"], "is signed as that of `p/tape.jsonl`");
    }
    // The result of one in the place of that of the other.
    for file in ["expected.toml", "expected.toml.minisig", "episodes.csv"] {
        std::fs::copy(folder.join(&format!("results/p/{file}")), folder.join(&format!("results/q/{file}"))).unwrap();
    }
    refused(&["verify", "results/q"], "is signed as that of `p`");
    refused(&["run", "q"], "is signed as that of `p`");
    // One that names none could be that of any.
    let unnamed: String = folder.read("results/p/expected.toml").replace("experiment = \"p\"\n", "");
    folder.write("results/p/expected.toml", unnamed);
    sign("results/p/expected.toml");
    folder.ok(&["run", "p"]);
    refused(&["run", "p"], "does not name its experiment");
}

#[cfg(unix)]
#[test]
fn a_manifest_is_read_once_so_a_pipe_cannot_give_another_one_the_second_time() {
    let folder = Folder::new();
    for seed in ["1", "2"] {
        folder.ok(&["generate", "exemplar", "--dataset", "job", "--seed", seed, "--tape", &format!("{seed}/t.jsonl")]);
    }
    let keys = minisign::KeyPair::generate_unencrypted_keypair().unwrap();
    folder.write("key.pub", keys.pk.to_box().unwrap().to_string());
    let (signed, forged) = (folder.read("1/t.jsonl.hash"), folder.read("2/t.jsonl.hash"));
    let signature = minisign::sign(Some(&keys.pk), &keys.sk, std::io::Cursor::new(&signed), None, None).unwrap();
    folder.write("2/t.jsonl.hash.minisig", signature.to_string());
    let pipe = folder.join("2/t.jsonl.hash");
    std::fs::remove_file(&pipe).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let writer = std::thread::spawn(move || {
        // Whoever opens the pipe again gets the forged one; if nobody does, this is left waiting until it is removed.
        std::fs::write(&pipe, signed).unwrap();
        // Until the first reader has seen the end, a second writer would go on in the same stream.
        std::thread::sleep(std::time::Duration::from_millis(500));
        std::fs::write(&pipe, forged)
    });
    let (code, message) = folder.refusal(&["verify", "2/t.jsonl", "--key", "key.pub"]);
    assert!(code == 12 && message.contains("has changed since it was sealed"), "{code} {message}");
    // Lets the writer end.
    std::fs::read(folder.join("2/t.jsonl.hash")).unwrap();
    writer.join().unwrap().unwrap();
}
