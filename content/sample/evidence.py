"""Sources of the needling pages, and the figures quoted from them.

Each figure is as published by the authors, and was checked against the abstract.
"""

from content.sample.builders import SampleBlock, fold, risks

GUIDELINE = (
    "George SZ, Fritz JM, Silfies SP, et al. Interventions for the management of acute and chronic low back pain: "
    "revision 2021. J Orthop Sports Phys Ther 2021;51(11):CPG1-CPG60.",
    "10.2519/jospt.2021.0304",
    "",
)
WHO = (
    "World Health Organization. WHO guideline for non-surgical management of chronic primary low back pain in adults "
    "in primary and community care settings. Geneva: 2023. ISBN 978-92-4-008178-9.",
    "",
    "",
)
CHYS = (
    "Chys M, De Meulemeester K, De Greef I, et al. Clinical effectiveness of dry needling in patients with "
    "musculoskeletal pain: an umbrella review. J Clin Med 2023;12(3):1205.",
    "10.3390/jcm12031205",
    "",
)
HU = (
    "Hu HT, Gao H, Ma RJ, et al. Is dry needling effective for low back pain? A systematic review and "
    "PRISMA-compliant meta-analysis. Medicine 2018;97(26):e11225.",
    "10.1097/MD.0000000000011225",
    "",
)
LARA_PALOMO = (
    "Lara-Palomo IC, Gil-Martínez E, López-Fernández MD, et al. Efficacy of dry needling for chronic low back pain: "
    "a systematic review and meta-analysis of randomized controlled trials. Altern Ther Health Med "
    "2023;29(8):110-120.",
    "",
    "https://pubmed.ncbi.nlm.nih.gov/36399082/",
)
BRADY = (
    "Brady S, McEvoy J, Dommerholt J, Doody C. Adverse events following trigger point dry needling: a prospective "
    "survey of chartered physiotherapists. J Man Manip Ther 2014;22(3):134-140.",
    "10.1179/2042618613Y.0000000044",
    "",
)
BOYCE = (
    "Boyce D, Wempe H, Campbell C, et al. Adverse events associated with therapeutic dry needling. "
    "Int J Sports Phys Ther 2020;15(1):103-113.",
    "10.26603/ijspt20200103",
    "",
)
COLLEGE = (
    "College of Physiotherapists of Alberta. Restricted activities.",
    "",
    "https://www.cpta.ab.ca/for-physiotherapists/regulatory-expectations/restricted-activities",
)


def needling_risks(brady: int, boyce: int) -> list[SampleBlock]:
    """Return the fold with the table of risks. The arguments are the numbers of the two surveys among the sources."""
    both = f"{brady}, {boyce}"
    return [
        fold(
            "What are the risks?",
            "In 2 to 4 of 10 treatments: a small bruise, a drop of blood, or soreness. Serious harm is rare.",
            f"""Two large surveys counted what went wrong [{both}]. One looked at 7,629 treatments [{brady}], the other
            at 20,464 treatments [{boyce}]. Both asked the people who did the needling, so some effects may have been
            missed [{both}].""",
        ),
        risks(
            "",
            "",
            "How often effects were reported, for each treatment",
            [
                ("Any minor effect", "19 to 37 in 100", both),
                ("A small bleed", "5 to 16 in 100", both),
                ("A bruise", "About 8 in 100", both),
                ("Pain during or after", "2 to 6 in 100", both),
                ("Feeling worse for a while", "About 1 in 100", str(brady)),
                ("A major problem", "None in 7,629 treatments; 1 in 1,024 in the larger survey", both),
            ],
            f"""A punctured lung is rare and serious [{boyce}]. Tell us if you would rather not have needles near the
            chest, the neck or the upper back. Sudden chest pain or trouble breathing, even hours later?
            [Call 911](tel:911).""",
        ),
    ]


BRINJIKJI = (
    "Brinjikji W, Luetmer PH, Comstock B, et al. Systematic literature review of imaging features of spinal "
    "degeneration in asymptomatic populations. AJNR Am J Neuroradiol 2015;36(4):811-816.",
    "10.3174/ajnr.A4173",
    "",
)

ASK_FIRST = [
    ("A fear of needles.", "Let us know. There are other ways to treat you."),
    ("A skin infection.", "We never put a needle through it or near it."),
    ("A weak immune system.", "We may choose something without needles."),
    ("An allergy to metal.", "Needles are made of steel that contains nickel."),
    (
        "A bleeding problem, or blood thinners.",
        "You may still be able to have needling. We may choose other places, or fewer needles.",
    ),
    ("A pregnancy.", "We'll talk through what is known, and may choose something else."),
    (
        "Swelling after lymph nodes were removed or harmed (lymphedema).",
        "We leave that arm or leg alone.",
    ),
    ("A pacemaker.", "Needles that carry a weak electric current aren't for you."),
    ("An implant, such as a new joint.", "We keep needles away from it."),
]
