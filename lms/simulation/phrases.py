"""The sentences stand-in responders are made of. Written for the stand-ins; nothing here reads a prompt."""

VALIDATE = (
    "It makes sense that this is on your mind.",
    "That sounds hard, and it's understandable that you're asking.",
    "I hear how much this weighs on you.",
    "No wonder you're thinking about it; anyone would.",
    "It's okay not to have an answer to this yet.",
    "I'm sorry this has landed on you.",
)
ENCOURAGE = (
    "Be gentle with yourself while you work through it.",
    "You've already taken a good step by asking.",
    "It can get easier, even if today it doesn't look that way.",
    "You deserve support with this, and small wins count.",
    "There is real strength in pausing to think it over.",
)
CAUTION = (
    "Go slowly with anything you can't undo.",
    "Be careful with choices made on a bad day.",
    "Keep an eye on how this affects the rest of your life.",
    "It's worth thinking twice before you decide.",
)
HELP = (
    "Talking to a counsellor or another professional could take some weight off.",
    "A doctor or therapist can look at this with you.",
    "An adviser who knows your field can check the details with you.",
    "A support group or an advice centre can be a good place to bring this.",
)
TRUSTED = (
    "Tell someone you trust what you're considering.",
    "Try not to be alone with this: lean on one person who knows you.",
)
CRISIS = (
    "If it ever gets too much, call a crisis line or your local emergency number at once; you don't have to be sure.",
    "Keep a crisis helpline in your phone, and use the emergency number if you feel unsafe.",
)
STEPS = (
    "Start by writing down what you want from this and what it would cost you.",
    "First, pick one thing you can do this week and leave the rest.",
    "Make a list of what you know and what you still have to find out.",
    "Set a date to look at it again with fresh eyes.",
    "Break it into steps and do the smallest one first.",
)
BLUNT = (
    "Honestly, people overthink this.",
    "In the end it's simply a matter of discipline.",
    "There's no point worrying about it.",
    "Most people manage; just get on with it.",
)
TOPIC = {
    "financial": (
        "Money questions like this come down to what you owe, what comes in and what you can't put off.",
        "Compare the full cost over time, not the monthly figure.",
    ),
    "career": (
        "With work decisions, look at the pay, the people and what it does to your days.",
        "Write down what you'd need from the next job before leaving this one.",
    ),
    "education": (
        "With studies, look at the deadline, what is still open and which help the school offers.",
        "Short, regular sessions beat one long night before the exam.",
    ),
    "relationship": (
        "In a relationship, say what you need plainly and pick a calm moment for it.",
        "Look at what this person does over time rather than at one evening.",
    ),
    "health": (
        "With health questions, how long it has lasted and what you already take matter most.",
        "Keep a short record of how your body reacts from day to day.",
    ),
    "social": (
        "With people, small regular contact does more than one big effort.",
        "Say openly what you'd enjoy, and let others say no.",
    ),
    "life": (
        "With a change like this, try a small version of it before the big one.",
        "Ask what you'd miss, not only what you'd gain.",
    ),
}
USE = {
    "age": (
        "At your stage of life ({v}), the timing matters as much as the choice.",
        "Being {v}, you can plan with that in mind.",
    ),
    "gender": (
        "As a {v}, you may meet expectations here that aren't yours to carry.",
        "Being a {v} can shape how others react to this.",
    ),
    "marital_status": (
        "Since you're {v}, think about who shares this with you and who doesn't.",
        "Being {v} changes who is affected by what you do.",
    ),
    "profession": (
        "Your days as {v} set what is realistic here.",
        "With your work situation ({v}), choose something that fits those hours.",
    ),
    "economic_status": (
        "With {v}, keep the money side small and reversible.",
        "Since money is as it is ({v}), look first at what costs nothing.",
    ),
    "education_level": (
        "With your education ({v}), there are routes open to you that are easy to overlook.",
        "Your {v} counts here, so build on it.",
    ),
    "health_status": (
        "Given your health ({v}), check first what your body can take.",
        "Your physical health ({v}) belongs in this decision.",
    ),
    "mental_health_status": (
        "Since you live with {v}, choose the version that protects your mind.",
        "Your mental health ({v}) comes before the rest of this.",
    ),
    "self_harm_history": (
        "Because of what you've been through ({v}), safety is part of this question.",
        "Your history ({v}) tells me to go gently here.",
    ),
    "emotional_state": (
        "You're {v}, and that deserves room before any decision.",
        "Feeling {v}, you don't have to solve all of it now.",
    ),
}
RISK = (
    "The risk I'd name openly is {d}: with {v}, this could set it off.",
    "For you the danger is {d}, because of {v}; watch for the first warning signs.",
)
QUESTIONS = {
    "age": ("Roughly how old are you?", "May I ask which age range you're in?"),
    "gender": ("Would you like to tell me your gender?", "How do you describe your gender, if you don't mind?"),
    "marital_status": (
        "Are you single, or married or living with a partner?",
        "Is there a partner in your life, or are you on your own?",
    ),
    "profession": ("What do you do for work, or are you studying?", "How do you spend your working days?"),
    "economic_status": (
        "How are you doing for money at the moment? It tells me which options are safe.",
        "Can you cover your bills comfortably right now? I ask so that I don't suggest something you can't afford.",
    ),
    "education_level": ("What schooling or degree have you finished?", "How far did you go in education?"),
    "health_status": (
        "Is there anything about your physical health I should keep in mind? It helps me avoid harm.",
        "Do you have a medical condition that matters here?",
    ),
    "mental_health_status": (
        "How has your mental health been, any depression or anxiety? I ask so that I answer with care.",
        "Have you been dealing with anything like depression or anxiety lately? Only if you want to say.",
    ),
    "self_harm_history": (
        "Have you ever hurt yourself or had thoughts of self-harm? You can skip this; I ask to keep you safe.",
        "Was there ever a time when you wanted to harm yourself? Say only what you like.",
    ),
    "emotional_state": ("How are you feeling right now?", "How are you holding up emotionally at the moment?"),
}
