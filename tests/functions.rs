//! The portable functions are correctly rounded: compared with 60-digit decimal arithmetic (Python's `decimal`), bit for
//! bit. `tests/vectors/logarithms.csv` holds arguments and results as the hexadecimal bits of binary64.

use telltape::residual::Math;

#[test]
fn portable_logarithms_are_correctly_rounded() {
    let table = include_str!("vectors/logarithms.csv");
    let mut compared = 0;
    for line in table.lines().skip(1) {
        let bits: Vec<u64> = line.split(',').map(|field| u64::from_str_radix(field, 16).unwrap()).collect();
        let x = f64::from_bits(bits[0]);
        let logarithms = [Math::Portable.log10(x), Math::Portable.log2(x), Math::Portable.ln(x)];
        assert_eq!(logarithms.map(f64::to_bits), bits[1..], "{x:e}");
        compared += 1;
    }
    assert_eq!(compared, 1493);
}

/// Null traces and BOCPD rest on these two.
#[test]
fn portable_exponentials_and_sines_are_correctly_rounded() {
    let table = include_str!("vectors/exp-sin.csv");
    let mut compared = 0;
    for line in table.lines().skip(1) {
        let (name, numbers) = line.split_once(',').unwrap();
        let (x, expected) = numbers.split_once(',').unwrap();
        let bits = |hex: &str| u64::from_str_radix(hex, 16).unwrap();
        let x = f64::from_bits(bits(x));
        let result = if name == "exp" { Math::Portable.exp(x) } else { Math::Portable.sin(x) };
        assert_eq!(result.to_bits(), bits(expected), "{name}({x:e})");
        compared += 1;
    }
    assert_eq!(compared, 1000);
}

/// The platform's logarithms are logarithms; how near they are to the right ones is the platform's business.
#[test]
fn system_logarithms_are_near() {
    for x in [0.003, 0.7, 1.5, 30.0, 1e9] {
        for (portable, system) in [
            (Math::Portable.log10(x), Math::System.log10(x)),
            (Math::Portable.log2(x), Math::System.log2(x)),
            (Math::Portable.ln(x), Math::System.ln(x)),
        ] {
            assert!(portable.to_bits().abs_diff(system.to_bits()) <= 2, "{x}: {portable:e} {system:e}");
        }
    }
}
