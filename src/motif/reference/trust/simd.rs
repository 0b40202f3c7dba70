//! Vectors of one number a class, and code that is compiled for what the processor has.
//!
//! The one module with `unsafe`: it asks the processor what it has, and calls code that was compiled for it.

/// Classes that step together.
pub(super) const LANES: usize = 4;

/// One number a lane.
#[derive(Clone, Copy, Debug, Default)]
#[repr(align(32))]
pub(super) struct Lanes(pub(super) [f64; LANES]);

impl Lanes {
    /// The lanes of `f`, by index.
    #[inline(always)]
    pub(super) fn from_fn(f: impl FnMut(usize) -> f64) -> Self {
        Self(std::array::from_fn(f))
    }
}

/// How quotients are computed. All ways give the same bits, for numbers far from overflow and underflow.
pub(super) trait Arithmetic {
    /// Whether `mul_add` is one instruction, and so what [`super::division::Divisor`] needs.
    const FUSED_MULTIPLY_ADD: bool;

    /// One over each number.
    fn reciprocals(numbers: [Lanes; 2]) -> [Lanes; 2];
}

/// What every processor has.
pub(super) struct Portable;

impl Arithmetic for Portable {
    const FUSED_MULTIPLY_ADD: bool = false;

    #[inline(always)]
    fn reciprocals(numbers: [Lanes; 2]) -> [Lanes; 2] {
        numbers.map(divided)
    }
}

#[inline(always)]
fn divided(number: Lanes) -> Lanes {
    Lanes::from_fn(|lane| 1.0 / number.0[lane])
}

/// Something that runs on lanes.
pub(super) trait Run {
    /// Must be inlined, to be compiled for the processor.
    fn run<A: Arithmetic>(&mut self);
}

/// What a processor may have, the widest last.
#[derive(Clone, Copy, Debug)]
pub(super) enum Level {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Level {
    pub(super) const ALL: &[Self] = &[
        Self::Portable,
        #[cfg(target_arch = "x86_64")]
        Self::Avx2,
        #[cfg(target_arch = "x86_64")]
        Self::Avx512,
    ];

    /// The widest that this processor has.
    pub(super) fn widest() -> Self {
        Self::ALL.iter().rev().copied().find(|level| level.is_there()).unwrap_or(Self::Portable)
    }

    /// Whether this processor has it.
    pub(super) fn is_there(self) -> bool {
        match self {
            Self::Portable => true,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma"),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => {
                Self::Avx2.is_there() && is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512vl")
            }
        }
    }

    /// Runs something compiled for it, which must be there.
    #[cfg_attr(
        target_arch = "x86_64",
        expect(unsafe_code, reason = "the calls into code for a processor that was asked for first")
    )]
    pub(super) fn run(self, what: &mut impl Run) {
        assert!(self.is_there(), "{self:?} is only run where it is there");
        match self {
            Self::Portable => what.run::<Portable>(),
            // SAFETY: the processor has what the function is compiled for, as the assertion has asked it.
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => unsafe { x86::run_avx2(what) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => unsafe { x86::run_avx512(what) },
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[expect(unsafe_code, reason = "intrinsics for a processor that `Level::run` has asked for")]
mod x86 {
    use std::arch::x86_64::{
        _CMP_LT_OQ, _mm256_add_pd, _mm256_cmp_pd_mask, _mm256_fmadd_pd, _mm256_fnmadd_pd, _mm256_loadu_pd,
        _mm256_maskz_fmadd_pd, _mm256_rcp14_pd, _mm256_set1_pd, _mm256_storeu_pd,
    };

    use super::{Arithmetic, Lanes, Run, divided};

    /// AVX2 and FMA.
    struct Avx2;

    impl Arithmetic for Avx2 {
        const FUSED_MULTIPLY_ADD: bool = true;

        #[inline(always)]
        fn reciprocals(numbers: [Lanes; 2]) -> [Lanes; 2] {
            numbers.map(divided)
        }
    }

    /// AVX-512, used on 256 bits. Private, and named in [`run_avx512`] only: that is what makes its `unsafe` sound.
    struct Avx512;

    impl Arithmetic for Avx512 {
        const FUSED_MULTIPLY_ADD: bool = true;

        /// One by the divider and one beside it, which is faster than both by either.
        #[inline(always)]
        fn reciprocals([first, second]: [Lanes; 2]) -> [Lanes; 2] {
            [divided(first), refined(second)]
        }
    }

    /// Reciprocals by Newton's iteration. The last step rounds correctly if the one before ends within a unit in the last
    /// place (Markstein, 1990), unless all bits of the mantissa of `b` are ones: 1/b is then just above the middle between
    /// a power of two and its successor, and the step stays at the power of two if it starts there. [`UP`] makes it start
    /// at the successor.
    ///
    /// With 1/b in (1/2, 1], so that half a unit is 2^-54: the estimate is off by 2^-14 at most (relative, as the
    /// instruction promises), `y` after the first step by at most 2^-28 and never above 1/b but for rounding, `y` after
    /// the second, before it is rounded, between 2^-56 and 2^-55 above. Rounded, it is less than a unit away; and for the
    /// exception above the middle, which is 2^-107 below 1/b.
    ///
    /// Intrinsics, because the compiler makes a mess of the same steps written lane by lane.
    #[inline(always)]
    fn refined(b: Lanes) -> Lanes {
        /// 2^-55.
        const UP: f64 = f64::EPSILON / 8.0;
        let mut reciprocals = Lanes::default();
        // SAFETY: only `Avx512` comes here, and it is run only where the processor has the instructions; the arrays have
        // the four numbers that are read and written.
        unsafe {
            let b = _mm256_loadu_pd(b.0.as_ptr());
            let one = _mm256_set1_pd(1.0);
            let y = _mm256_rcp14_pd(b);
            let y = _mm256_fmadd_pd(y, _mm256_fnmadd_pd(b, y, one), y);
            let error = _mm256_add_pd(_mm256_fnmadd_pd(b, y, one), _mm256_set1_pd(UP));
            let y = _mm256_fmadd_pd(y, error, y);
            // Infinity times its reciprocal is not 1.
            let is_number = _mm256_cmp_pd_mask::<_CMP_LT_OQ>(b, _mm256_set1_pd(f64::INFINITY));
            let y = _mm256_maskz_fmadd_pd(is_number, y, _mm256_fnmadd_pd(b, y, one), y);
            _mm256_storeu_pd(reciprocals.0.as_mut_ptr(), y);
        }
        reciprocals
    }

    #[target_feature(enable = "avx2,fma")]
    pub(super) fn run_avx2(what: &mut impl Run) {
        what.run::<Avx2>();
    }

    #[target_feature(enable = "avx512f,avx512vl,avx2,fma")]
    pub(super) fn run_avx512(what: &mut impl Run) {
        what.run::<Avx512>();
    }
}
